"""The commands of `conductor` as a person types them, against a live node."""

import contextlib
import json
import os
import pathlib
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "guards"))
from processes import free_port, until  # noqa: E402

PROGRAM, DIRECT, NODE = os.environ["CONDUCTOR"], os.environ["OLLAMA_URL"], os.environ["CONDUCTOR_URL"]
WORDS = "Grüße aus Köln: 東京, 🚀 and the rest. "


def control(path, body=None):
    request = urllib.request.Request(
        f"{DIRECT}/_scripted/{path}", None if body is None else json.dumps(body).encode(),
        method="GET" if body is None else "POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"{}")


def environment(host=NODE):
    return {**os.environ, "CONDUCTOR_HOST": host}


def run(*words, host=NODE, stdin=""):
    return subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, text=True,
                          timeout=30, check=False, env=environment(host))


class Commands(unittest.TestCase):
    def setUp(self):
        control("script", {"default": {}})

    def done(self, *words, **how):
        result = run(*words, **how)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def test_run_prints_the_answer_and_nothing_else(self):
        control("script", {"default": {"echo": True}})
        self.assertEqual(self.done("run", "canned", WORDS).stdout.strip(), WORDS.strip())

    def test_gpu_shows_the_gpu_of_the_node_s_machine(self):
        self.assertIn("NVIDIA Stub", self.done("gpu").stdout)
        self.assertEqual(json.loads(self.done("gpu", "--json").stdout)["probe"], "nvml")

    def test_run_puts_standard_input_before_the_prompt(self):
        control("script", {"default": {"echo": True}})
        said = self.done("run", "canned", "and this", stdin="first that\n").stdout
        self.assertLess(said.index("first that"), said.index("and this"))

    def test_run_verbose_tells_its_statistics_apart(self):
        result = self.done("run", "canned", "--verbose", "hello")
        for line in ("total duration:", "load duration:", "prompt eval count:", "eval count:", "eval rate:"):
            self.assertIn(line, result.stderr)
            self.assertNotIn(line, result.stdout)

    def test_run_json_prints_the_records(self):
        lines = self.done("run", "canned", "--json", "hello").stdout.splitlines()
        self.assertTrue(json.loads(lines[-1])["done"])
        self.assertFalse(any(json.loads(line)["done"] for line in lines[:-1]))

    def test_run_streams(self):
        control("script", {"default": {"records": 3, "gap_ms": 400}})
        with subprocess.Popen([PROGRAM, "run", "canned", "hello"], stdout=subprocess.PIPE,
                              env=environment(), stdin=subprocess.DEVNULL) as process:
            self.assertTrue(os.read(process.stdout.fileno(), 1))
            self.assertIsNone(process.poll(), "the first words came with the last")
            process.stdout.read()
        self.assertEqual(process.returncode, 0)

    def test_run_pulls_a_model_that_is_not_there(self):
        self.done("run", "newcomer", "hello")
        self.assertIn("newcomer:latest", self.done("list").stdout)

    def test_run_says_what_failed(self):
        control("script", {"default": {"status": 500, "error_text": "out of cheese"}})
        refused = run("run", "canned", "hello")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("out of cheese", refused.stderr)
        control("script", {"default": {"records": 4, "error_after": 2}})
        broken = run("run", "canned", "hello")
        self.assertEqual(broken.returncode, 1)
        self.assertIn("scripted error", broken.stderr)
        self.assertTrue(broken.stdout.strip(), "what came before the error is shown")

    def test_ctrl_c_cancels_at_the_server(self):
        control("script", {"default": {"records": 100000, "gap_ms": 10}})
        before = control("stats")["cancels"]
        with subprocess.Popen([PROGRAM, "run", "canned", "hello"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment(), stdin=subprocess.DEVNULL) as process:
            os.read(process.stdout.fileno(), 1)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)
        until("the cancel at Ollama", lambda: control("stats")["cancels"] > before)

    def test_no_node_is_an_error_that_says_how_to_start_one(self):
        result = run("list", host=f"127.0.0.1:{free_port()}")
        self.assertEqual(result.returncode, 1)
        self.assertIn("conductor serve", result.stderr)

    def test_the_models_are_listed_shown_copied_and_removed(self):
        self.assertIn("canned:latest", self.done("list").stdout)
        self.assertIn("NAME", self.done("ls").stdout)
        self.assertIn("parameters", self.done("show", "canned").stdout)
        self.done("cp", "canned", "again")
        self.assertIn("again:latest", self.done("list").stdout)
        self.assertIn("deleted 'again'", self.done("rm", "again").stdout)
        self.assertNotIn("again:latest", self.done("list").stdout)
        self.assertEqual(run("rm", "again").returncode, 1)

    def test_a_model_is_loaded_and_stopped(self):
        self.done("run", "canned", "hello")
        self.assertIn("canned:latest", self.done("ps").stdout)
        self.done("stop", "canned")
        until("the unload", lambda: "canned:latest" not in self.done("ps").stdout)

    def test_a_model_is_pulled(self):
        result = self.done("pull", "fresh")
        self.assertIn("success", result.stdout + result.stderr)
        self.assertIn("fresh:latest", self.done("list").stdout)

    def test_the_node_tells_its_status_and_version(self):
        self.assertIn(DIRECT, self.done("status").stdout)
        said = self.done("version").stdout
        self.assertIn(control_version(), said)

    def test_wrong_usage_is_told_apart(self):
        for words in (["run"], ["cp", "one"], ["nonsense"], ["list", "--nonsense"]):
            result = run(*words)
            self.assertEqual(result.returncode, 2, words)
            self.assertTrue(result.stderr, words)

    def test_the_request_leaves_soon_after_the_start(self):
        """Processor time, not the clock: what the program itself spends until it has asked."""
        before = os.times()
        for _ in range(5):
            self.done("version")
        spent = os.times()
        used = (spent.children_user - before.children_user) + (spent.children_system - before.children_system)
        self.assertLess(used / 5, 0.1)

    def test_bench_compares_and_gives_a_verdict(self):
        control("script", {"default": {"records": 8, "gap_ms": 1}})
        result = self.done("bench", "canned", "--rounds", "3", "--direct", DIRECT)
        self.assertIn("tokens/s", result.stdout)


class Sessions(unittest.TestCase):
    """Conversations that the node keeps."""

    done = Commands.done

    def setUp(self):
        control("script", {"default": {"echo": True}})
        self.title = self.id()[-30:]  # one that is shown whole

    def tearDown(self):
        run("sessions", "rm", self.title)

    def say(self, *words, **how):
        return self.done("run", "canned", "--session", self.title, *words, **how)

    def shown(self):
        return json.loads(self.done("sessions", "show", self.title, "--json").stdout)

    def test_a_conversation_is_begun_and_gone_on_with(self):
        begun = self.say(WORDS)
        self.assertEqual(begun.stdout.strip(), WORDS.strip())
        self.assertIn(self.title, begun.stderr)
        more = self.done("run", "--session", self.title, "and", "this", stdin="first that\n")
        self.assertEqual(more.stdout, "first that\n and this\n\n")
        self.assertEqual(more.stderr, "")
        self.assertEqual([m["role"] for m in self.shown()["messages"]],
                         ["user", "assistant", "user", "assistant"])
        text = self.done("sessions", "show", self.title).stdout
        self.assertIn("[1] user\n" + WORDS.strip(), text)
        self.assertIn("[4] assistant\nfirst that\n and this\n", text)

    def test_run_prints_the_same_with_and_without_one(self):
        control("script", {"default": {"thinking": 3, "records": 40}})
        plain = self.done("run", "canned", "--verbose", "hello")
        kept = self.say("--verbose", "hello")
        self.assertEqual(kept.stdout, plain.stdout)
        for line in ("total duration:", "prompt eval count:", "eval count:", "eval rate:"):
            self.assertIn(line, kept.stderr)

    def test_they_are_listed_and_deleted(self):
        self.say("hello")
        session = self.shown()["id"]
        listed = self.done("sessions", "ls").stdout
        self.assertIn("UPDATED", listed)
        self.assertIn(session, listed)
        newest = json.loads(self.done("sessions", "ls", "--json", "--limit", "1").stdout)
        self.assertEqual([s["id"] for s in newest["sessions"]], [session])
        self.assertIn("deleted", self.done("sessions", "rm", session).stdout)
        self.assertNotIn(session, self.done("sessions", "ls").stdout)

    def test_one_is_found_by_the_beginning_of_its_id(self):
        self.say("hello")
        session = self.shown()["id"]
        for name in (session, session[:-1], self.title):
            self.assertIn(session, self.done("sessions", "show", name).stdout)

    def test_a_name_of_several_or_of_none_is_an_error_with_candidates(self):
        self.say("hello")
        session = self.shown()["id"]
        unknown = run("sessions", "show", self.title[:-1])
        self.assertEqual(unknown.returncode, 1)
        self.assertIn(session, unknown.stderr)
        self.say("hello")
        twin = json.dumps({"model": "canned", "title": self.title}).encode()
        made = urllib.request.Request(f"{NODE}/conductor/v1/sessions", twin)
        with urllib.request.urlopen(made, timeout=20) as answer:
            other = json.loads(answer.read())["id"]
        several = run("run", "--session", self.title, "hello")
        self.done("sessions", "rm", other)
        self.assertEqual(several.returncode, 1)
        self.assertIn(session, several.stderr)
        self.assertIn(other, several.stderr)

    def test_ctrl_c_cancels_the_answer_and_keeps_what_was_said(self):
        control("script", {"default": {"records": 100000, "gap_ms": 10}})
        before = control("stats")["cancels"]
        with subprocess.Popen([PROGRAM, "run", "canned", "--session", self.title, "hello"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
                              stdin=subprocess.DEVNULL) as process:
            os.read(process.stdout.fileno(), 1)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)
        until("the cancel at Ollama", lambda: control("stats")["cancels"] > before)
        answer = self.shown()["messages"][1]
        self.assertEqual(answer["state"], "cancelled")
        self.assertTrue(answer["content"])

    def test_a_client_that_is_killed_leaves_the_answer_to_the_node(self):
        control("script", {"default": {"records": 40, "gap_ms": 10}})
        with subprocess.Popen([PROGRAM, "run", "canned", "--session", self.title, "hello"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
                              stdin=subprocess.DEVNULL) as process:
            os.read(process.stdout.fileno(), 1)
            process.kill()
            process.communicate(timeout=20)
        until("the whole answer", lambda: self.shown()["messages"][1]["state"] == "done")

    def test_lost_connections_lose_and_double_nothing(self):
        control("script", {"default": {"records": 60, "gap_ms": 10}})
        whole = self.done("run", "canned", "hello").stdout
        with Scissors(after=1500) as cut:
            got = self.say("hello", host=f"127.0.0.1:{cut.port}")
        self.assertEqual(got.stdout, whole)
        self.assertGreater(cut.cuts, 3)

    def test_one_is_renamed_copied_given_out_and_taken_back(self):
        self.say("hello")
        session = self.shown()["id"]
        other = f"{self.title} renamed"
        self.done("sessions", "rename", session, other)
        self.assertEqual(json.loads(self.done("sessions", "show", other, "--json").stdout)["id"], session)
        copy = self.done("sessions", "fork", session, "--message", "1", "--title", f"{self.title} copy").stdout.strip()
        shown = json.loads(self.done("sessions", "show", copy, "--json").stdout)
        self.assertEqual((len(shown["messages"]), shown["forked_from"]["session"]), (1, session))
        document = self.done("sessions", "export", session).stdout
        again = self.done("sessions", "import", "-", stdin=document).stdout.strip()
        shown = json.loads(self.done("sessions", "show", again, "--json").stdout)
        self.assertEqual([m["content"] for m in shown["messages"]],
                         [m["content"] for m in json.loads(document)["messages"]])
        self.assertIn(f"# {other}", self.done("sessions", "export", session, "--markdown").stdout)
        for one in (session, copy, again):
            self.done("sessions", "rm", one)

    def test_all_are_saved_in_a_file_that_sqlite_opens(self):
        self.say("hello")
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "all.db"
            self.done("sessions", "backup", str(file))
            self.assertEqual(file.stat().st_mode & 0o077, 0)
            self.assertEqual(run("sessions", "backup", str(file)).returncode, 1, "it is there already")
            self.done("sessions", "backup", str(file), "--force")
            with contextlib.closing(sqlite3.connect(file)) as store:
                self.assertIn((self.title,), store.execute("SELECT title FROM session").fetchall())
                self.assertEqual(store.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def test_a_session_changes_its_model(self):
        self.say("hello")
        self.done("run", "thinker", "--session", self.title, "and now?")
        self.assertEqual(self.shown()["model"], "thinker")

    def test_what_is_not_there_or_no_conversation_is_an_error(self):
        self.say("hello")
        for words in (["sessions", "show", "nothing of the kind"], ["sessions", "import", "/dev/null"]):
            self.assertEqual(run(*words).returncode, 1, words)


class Fleet(unittest.TestCase):
    """Backends and the models in their memory."""

    done = Commands.done

    def setUp(self):
        control("script", {"default": {}})
        self.addCleanup(run, "backends", "rm", "spare")
        self.addCleanup(run, "undrain", "ollama")

    def backends(self):
        return {b["name"]: b for b in json.loads(self.done("backends", "--json").stdout)["backends"]}

    def loaded(self, model):
        return any(r["model"] == model and r["loaded"] for r in self.backends()["ollama"]["runners"])

    def test_backends_come_change_and_go(self):
        self.assertIn(DIRECT, self.done("backends").stdout)
        nobody = f"127.0.0.1:{free_port()}"
        self.assertIn("added 'spare'", self.done("backends", "add", "spare", nobody, "--parallel", "2").stdout)
        self.assertEqual(self.backends()["spare"]["parallel"], 2)
        until("the failed probe", lambda: self.backends()["spare"]["state"] == "down")
        self.assertIn("ERROR", self.done("backends").stdout)
        self.assertIn("changed 'spare'", self.done("backends", "add", "spare", nobody).stdout)
        self.assertNotIn("parallel", self.backends()["spare"])
        self.assertIn("removed 'spare'", self.done("backends", "rm", "spare").stdout)
        self.assertNotIn("spare", self.backends())

    def test_a_wrong_name_or_value_says_what_is_allowed(self):
        unknown = run("drain", "nobody")
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("there is: ollama", unknown.stderr)
        self.assertEqual(run("backends", "rm", "nobody").returncode, 1)
        for flags, allowed in ((["--weight", "0"], "1"), (["--tier", "101"], "100"), (["--parallel", "-1"], "4096")):
            wrong = run("backends", "add", "spare", "127.0.0.1:1", *flags)
            self.assertEqual(wrong.returncode, 1, flags)
            self.assertIn(flags[0][2:], wrong.stderr)
            self.assertIn(allowed, wrong.stderr)
        self.assertEqual(run("backends", "add", "a b", "127.0.0.1:1").returncode, 1)
        self.assertNotIn("spare", self.backends())

    def test_a_drained_backend_gets_nothing_until_it_is_undrained(self):
        self.assertIn("drained 'ollama'", self.done("drain", "ollama").stdout)
        self.assertIn("up, draining", self.done("status").stdout)
        refused = run("run", "canned", "hello")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("drained", refused.stderr)
        self.done("undrain", "ollama")
        self.assertNotIn("draining", self.done("backends").stdout)
        self.done("run", "canned", "hello")

    def test_what_is_in_flight_ends_though_its_backend_is_drained(self):
        control("script", {"default": {"records": 40, "gap_ms": 10}})
        whole = self.done("run", "canned", "hello").stdout
        with subprocess.Popen([PROGRAM, "run", "canned", "hello"], stdout=subprocess.PIPE, text=True,
                              env=environment(), stdin=subprocess.DEVNULL) as process:
            first = process.stdout.read(1)
            self.assertIn("still in flight", self.done("drain", "ollama").stdout)
            rest = process.stdout.read()
        self.assertEqual((process.returncode, first + rest), (0, whole))

    def test_a_model_is_loaded_and_unloaded(self):
        until("what the backend has", lambda: run("load", "canned", "--options", "num_ctx=2048").returncode == 0)
        self.assertEqual(self.done("load", "canned", "--backend", "ollama", "--keepalive", "5m").stdout,
                         "loaded 'canned' on ollama\n")
        self.assertIn("canned:latest", self.done("ps").stdout)
        until("the news of it", lambda: self.loaded("canned:latest"))
        self.assertEqual(self.done("unload", "canned").stdout, "unloaded 'canned' from ollama\n")
        until("the unload", lambda: "canned:latest" not in self.done("ps").stdout)
        for words in (["load", "nothing-of-the-kind"], ["load", "canned", "--options", "temperature=1"],
                      ["unload", "canned", "--backend", "nobody"]):
            wrong = run(*words)
            self.assertEqual(wrong.returncode, 1, words)
            self.assertTrue(wrong.stderr, words)

    def test_a_pinned_model_is_loaded_before_anyone_asks(self):
        self.addCleanup(run, "unload", "canned")
        self.done("run", "canned", "hello")
        self.done("unload", "canned", "--backend", "ollama")
        self.assertIn("pinned 'canned' on ollama", self.done("pin", "canned").stdout)
        until("the load", lambda: self.loaded("canned:latest"))
        self.assertIn("canned:latest (pinned)", self.done("backends").stdout)
        self.done("unpin", "canned")
        self.assertNotIn("(pinned)", self.done("backends").stdout)

    def test_a_request_is_explained(self):
        asked = urllib.request.Request(
            f"{NODE}/api/generate", json.dumps({"model": "canned", "prompt": "hello", "stream": False}).encode(),
            {"X-Request-Id": self.id()[-40:]})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            request = answer.headers["X-Request-Id"]
        self.assertIn("ollama for the model canned:latest", self.done("explain", request).stdout)
        decisions = json.loads(self.done("explain", request, "--json").stdout)["decisions"]
        self.assertEqual({d["backend"] for d in decisions}, {"ollama"})
        until("the request's end", lambda: request in self.done("requests", "--limit", "1000").stdout)
        ended = json.loads(self.done("requests", "--model", "canned", "--json").stdout)["requests"]
        (mine,) = [r for r in ended if r["id"] == request]
        self.assertEqual((mine["backend"], mine["outcome"]), ("ollama", "done"))
        unknown = run("explain", "nothing-of-the-kind")
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("nothing-of-the-kind", unknown.stderr)


class Scissors:
    """Passes connections on to the node and cuts each that asks for events after so many
    bytes of its answer."""

    def __init__(self, after):
        self.after, self.cuts = after, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        try:
            while True:
                self.pass_on(self.listener.accept()[0])
        except OSError:
            pass  # closed

    def pass_on(self, client):
        host, port = NODE.removeprefix("http://").split(":")
        with client, socket.create_connection((host, int(port))) as node:
            left = None
            while left is None or left > 0:
                for ready in select.select([client, node], [], [])[0]:
                    piece = ready.recv(1 << 16 if ready is client or left is None else left)
                    if not piece:
                        return
                    (node if ready is client else client).sendall(piece)
                    if ready is node and left is not None:
                        left -= len(piece)
                    elif ready is client and (b"/messages " in piece or b"/events?" in piece):
                        left = self.after
            self.cuts += 1


def control_version():
    with urllib.request.urlopen(f"{DIRECT}/api/version", timeout=20) as answer:
        return json.loads(answer.read())["version"]


if __name__ == "__main__":
    unittest.main()
