"""`conductor requests --follow` and `conductor replay`: what one node was asked is asked of another."""

import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "guards"))
from processes import ask, conductor, until  # noqa: E402

PROGRAM = os.environ["CONDUCTOR"]
OLLAMA = int(os.environ["OLLAMA_URL"].rpartition(":")[2])
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("CONDUCTOR")}


def script(**answers):
    ask(OLLAMA, "POST", "/_scripted/script", {"default": answers})


def cancels():
    return json.loads(ask(OLLAMA, "GET", "/_scripted/stats")[1])["cancels"]


def run(*words, port, stdin=None):
    return subprocess.run([PROGRAM, *words, "--host", f"127.0.0.1:{port}"], capture_output=True, text=True,
                          timeout=60, check=False, input=stdin or "", env=CLEAN)


class Replay(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.addCleanup(script)

    def node(self, parallel):
        """A node whose Ollama has so many places."""
        started = self.enterContext(conductor(PROGRAM, OLLAMA))
        until("readiness", lambda: ask(started.port, "GET", "/readyz")[0] == 200)
        done = run("backends", "add", "ollama", f"http://127.0.0.1:{OLLAMA}", "--parallel", str(parallel),
                   port=started.port)
        self.assertEqual(done.returncode, 0, done.stderr)
        return started

    def follow(self, port, *words):
        process = subprocess.Popen([PROGRAM, "requests", "--follow", *words, "--host", f"127.0.0.1:{port}"],
                                   stdout=subprocess.PIPE, text=True, env=CLEAN)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def asked(self, port, n, classes=("normal",)):
        """`n` requests at once."""
        def one(i):
            return ask(port, "POST", "/api/generate", {"model": "canned", "prompt": "a few words", "stream": False},
                       {"X-Conductor-Class": classes[i % len(classes)]})[0]

        with concurrent.futures.ThreadPoolExecutor(n) as pool:
            self.assertEqual(list(pool.map(one, range(n))), [200] * n)

    def test_what_ends_is_told_as_it_ends(self):
        node = self.node(4)
        follower = self.follow(node.port, "--json")
        self.asked(node.port, 2)
        first = [json.loads(follower.stdout.readline()) for _ in range(2)]
        self.assertEqual([r["outcome"] for r in first], ["done", "done"])
        self.asked(node.port, 1)
        self.assertNotIn(json.loads(follower.stdout.readline())["id"], [r["id"] for r in first])
        follower.send_signal(signal.SIGINT)
        self.assertEqual(follower.wait(20), 130)

    def test_lines_for_people_stand_in_columns(self):
        node = self.node(4)
        follower = self.follow(node.port)
        self.asked(node.port, 1)
        head, line = follower.stdout.readline(), follower.stdout.readline()
        self.assertEqual(head.index("MODEL"), line.index("canned"))

    def test_more_places_show_as_shorter_waits(self):
        script(records=10, gap_ms=20)
        narrow = self.node(1)
        self.asked(narrow.port, 12, classes=("interactive", "batch"))
        recorded = run("requests", "--json", "--limit", "1000", port=narrow.port).stdout
        file = self.folder / "traffic.json"
        file.write_text(recorded)
        wide = self.node(12)
        done = run("replay", str(file), "--json", port=wide.port)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual(told["requests"], 12)
        self.assertEqual(set(told["groups"]), {"all", "interactive", "batch"})
        of_all = told["groups"]["all"]
        self.assertEqual(of_all["failed"], {"recorded": 0, "now": 0})
        self.assertLess(of_all["queue_s"]["difference"][1], 0)
        self.assertGreater(of_all["tokens_per_s"]["now"], of_all["tokens_per_s"]["recorded"])
        again = json.loads(run("requests", "--json", port=wide.port).stdout)["requests"]
        self.assertEqual({r["class"] for r in again}, {"interactive", "batch"})
        self.assertTrue(all(r["usage"]["prompt_tokens"] > 0 for r in again))
        text = run("replay", "-", port=wide.port, stdin=recorded).stdout
        self.assertIn("the wait for a place is shorter", text)

    def test_who_left_leaves_again(self):
        node = self.node(4)
        script(records=1000, gap_ms=20)
        before = cancels()
        line = {"id": "x", "time": "2026-11-26T00:00:00.000Z", "path": "/api/chat", "status": 200,
                "outcome": "cancelled", "model": "canned", "class": "normal", "seconds": 0.5,
                "usage": {"prompt_tokens": 3, "completion_tokens": 1000}}
        done = run("replay", "-", port=node.port, stdin=json.dumps(line))
        self.assertEqual(done.returncode, 0, done.stderr)
        until("the cancel at Ollama", lambda: cancels() > before)

    def test_a_failure_that_is_new_is_told_and_is_the_exit_code(self):
        node = self.node(4)
        line = {"id": "x", "time": "2026-11-26T00:00:00.000Z", "path": "/api/chat", "status": 200, "outcome": "done",
                "model": "canned", "class": "normal", "seconds": 0.5}
        script(status=500, error_text="out of cheese")
        done = run("replay", "-", port=node.port, stdin=json.dumps(line))
        self.assertEqual(done.returncode, 1)
        self.assertIn("1 failed: out of cheese", done.stdout)

    def test_what_is_no_recording_is_named(self):
        node = self.node(4)
        done = run("replay", "-", port=node.port, stdin="hello\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn("-:1: this is no request", done.stderr)
        done = run("replay", "/nowhere", port=node.port)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nowhere: No such file", done.stderr)


if __name__ == "__main__":
    unittest.main()
