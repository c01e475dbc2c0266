#!/usr/bin/env python3
"""The node is replaced while clients connect: restart_test.py CONDUCTOR SCRIPTED_OLLAMA. None of them is refused or cut,
whether systemd holds the sockets or the node hands them to its successor."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import sys
import tempfile
import threading
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / part) for part in ("guards", "support")]
from frames import CLOSE, TEXT, Frames  # noqa: E402
from processes import (PATIENCE, Program, ask, conductor, free_port, listens, scripted_ollama, set_script,  # noqa: E402
                       until)


class Clients:
    """Threads that ask over a new connection each time, as fast as they are answered."""

    def __init__(self, port, count=4):
        self.port, self.answered, self.failures, self.over = port, 0, [], threading.Event()
        self.threads = [threading.Thread(target=self.work) for _ in range(count)]

    def work(self):
        while not self.over.is_set():
            try:
                status, body = ask(self.port, "POST", "/api/generate", {"model": "canned", "prompt": "hi"})
                assert status == 200 and body.rstrip().splitlines()[-1].find('"done":true') > 0, (status, body)
                self.answered += 1
            except (OSError, AssertionError, http.client.HTTPException) as failure:
                self.failures.append(repr(failure))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        until("the first answers", lambda: self.answered > 10)
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


class Stream:
    """One long answer, begun; `end()` reads the rest and says how many records came."""

    def __init__(self, port, path="/api/generate", body=None, headers=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.request("POST", path, json.dumps(body or {"model": "canned", "prompt": "hi"}), headers or {})
        self.answer = self.connection.getresponse()
        self.lines = [self.answer.readline()]

    def end(self):
        self.lines += list(self.answer)
        self.connection.close()
        return [json.loads(line) for line in self.lines]


def node_at(port, path="/conductor/v1/status"):
    return json.loads(ask(port, "GET", path)[1])


class Follower:
    """Reads a session's events as SSE on a thread until the stream ends."""

    def __init__(self, port, path, since):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.request("GET", path, headers={"Accept": "text/event-stream", "Last-Event-ID": str(since)})
        self.answer = self.connection.getresponse()
        self.lines = []
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        try:
            for line in self.answer:
                self.lines.append(line.decode().rstrip())
        except (OSError, http.client.HTTPException) as failure:
            self.lines.append(f"cut: {failure!r}")

    def told(self, kind):
        return [line.removeprefix("event: ") for line in list(self.lines) if line.startswith("event: ")].count(kind)

    def ids(self):
        return [int(line.removeprefix("id: ")) for line in list(self.lines) if line.startswith("id: ")]

    def end(self):
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "the stream goes on"
        self.connection.close()


class Supervised(unittest.TestCase):
    """As systemd does it: the sockets are held, a node is started when one is needed."""

    def activated(self, ollama, *flags, names="conductor:admin"):
        """What starts a node on sockets that this test holds, and their ports."""
        held = []
        for _ in names.split(":"):
            s = socket.socket()
            s.bind(("127.0.0.1", 0))
            s.listen(512)
            self.addCleanup(s.close)
            held.append(s)
        command = [NODE, "serve", "--backend", f"http://127.0.0.1:{ollama.port}", *flags]

        def start():
            """As a service manager starts it: descriptors from 3 on, named."""
            places = "".join(f"exec {3 + i}<&{200 + i}; " for i in range(len(held)))
            script = (f'{places}LISTEN_PID=$$ LISTEN_FDS={len(held)} LISTEN_FDNAMES={names} exec "$@"')
            high = [os.dup2(s.fileno(), 200 + i) for i, s in enumerate(held)]
            program = Program(["/bin/bash", "-c", script, "sh", *command],
                              held[0].getsockname()[1], pass_fds=high)
            for n in high:
                os.close(n)
            return program

        return start, [s.getsockname()[1] for s in held]

    def test_sockets_that_were_handed_over_replace_the_configured_ones(self):
        configured = free_port()
        with scripted_ollama(OLLAMA) as ollama:
            start, (port, admin) = self.activated(ollama, "--listen", f"127.0.0.1:{configured}")
            with start() as node:
                until("readiness", lambda: ask(port, "GET", "/readyz")[0] == 200)
                self.assertEqual(node_at(port)["listen"], [f"127.0.0.1:{port}", f"127.0.0.1:{admin}"])
                self.assertEqual(ask(admin, "GET", "/healthz"), (200, "ok\n"))
                self.assertFalse(listens(configured))
                self.assertIn("lane-admin", {pathlib.Path(t, "comm").read_text().strip()
                                             for t in pathlib.Path(f"/proc/{node.pid}/task").iterdir()})

    def test_clients_of_a_node_that_is_restarted_wait_and_are_not_refused(self):
        with scripted_ollama(OLLAMA) as ollama:
            start, (port, _) = self.activated(ollama)
            with start() as first, contextlib.ExitStack() as second:
                until("readiness", lambda: ask(port, "GET", "/readyz")[0] == 200)
                with Clients(port) as clients:
                    set_script(ollama, gap_ms=20, records=40)
                    stream = Stream(port)
                    set_script(ollama)
                    first.process.send_signal(signal.SIGTERM)
                    self.assertEqual(first.ended(), 0, first.log())
                    before = clients.answered
                    second.enter_context(start())
                    until("answers of the second node", lambda: clients.answered > before + 20)
                records = stream.end()
                self.assertTrue(records[-1]["done"])
                self.assertEqual(len(records), 41)
                self.assertEqual(clients.failures, [])

    def test_what_is_no_listening_socket_is_named_and_refused(self):
        with scripted_ollama(OLLAMA) as ollama:
            silent = socket.socket()
            silent.bind(("127.0.0.1", 0))
            self.addCleanup(silent.close)
            os.set_inheritable(silent.fileno(), True)
            script = (f'exec 3<&{silent.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec "$@"')
            with Program(["/bin/bash", "-c", script, "sh", NODE, "serve", "--backend",
                          f"http://127.0.0.1:{ollama.port}"], pass_fds=[silent.fileno()]) as node:
                self.assertEqual(node.ended(), 2)
                self.assertIn("(web), handed over by LISTEN_FDS, is no listening stream socket", node.log())


class Succeeded(unittest.TestCase):
    """Without systemd: SIGUSR2, and a new process takes the sockets while the old one drains."""

    def successor_of(self, node):
        """The process that took its place; it is this test's to end."""
        pid = until("a successor", lambda: next(
            (int(line.split("process ")[1].split()[0]) for line in node.log().splitlines()
             if "serves in this one's place" in line), None))
        self.addCleanup(self.kill, pid)
        return pid

    @staticmethod
    def kill(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def test_clients_meet_one_node_or_the_other_and_streams_end(self):
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as node:
            until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
            with Clients(node.port) as clients:
                set_script(ollama, gap_ms=20, records=60)
                stream = Stream(node.port)
                set_script(ollama)
                node.process.send_signal(signal.SIGUSR2)
                pid = self.successor_of(node)
                self.assertIsNone(node.process.poll(), "the old node did not wait for its stream")
                before = clients.answered
                until("answers of the new node", lambda: clients.answered > before + 20)
                self.assertIsNone(node.process.poll(), "no answer of the new node while the old one drained")
                records = stream.end()
                self.assertEqual((len(records), records[-1]["done"]), (61, True))
                self.assertEqual(node.ended(), 0, node.log())
                before = clients.answered
                until("more answers", lambda: clients.answered > before + 20)
            self.assertEqual(clients.failures, [])
            self.assertEqual(os.readlink(f"/proc/{pid}/exe"), os.path.realpath(NODE))
            # It holds no connection of the clients before.
            until("only its own sockets", lambda: node_at(node.port)["connections"] <= 1)
            os.kill(pid, signal.SIGTERM)
            until("its end", lambda: not listens(node.port))

    def test_a_conversation_waits_for_the_old_node_and_misses_nothing(self):
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as node:
            until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
            made = json.loads(ask(node.port, "POST", "/conductor/v1/sessions", {"model": "canned"})[1])
            messages = f"/conductor/v1/sessions/{made['id']}/messages"
            set_script(ollama, gap_ms=20, records=60)
            stream = Stream(node.port, messages, {"content": "first"})
            set_script(ollama)
            node.process.send_signal(signal.SIGUSR2)
            pid = self.successor_of(node)
            second = [json.loads(line) for line in
                      ask(node.port, "POST", messages, {"content": "second"})[1].splitlines()]
            self.assertEqual(node.ended(), 0, node.log())
            first = stream.end()
            self.assertEqual(first[-1]["type"], "done")
            self.assertEqual(second[-1]["type"], "done")
            self.assertGreater(second[0]["seq"], first[-1]["seq"])
            kept = node_at(node.port, f"/conductor/v1/sessions/{made['id']}")["messages"]
            self.assertEqual([(m["role"], m["state"]) for m in kept], [("user", "done"), ("assistant", "done")] * 2)
            self.kill(pid)

    def test_a_key_that_the_new_node_revokes_ends_what_the_old_one_answers(self):
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as node:
            until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
            made = json.loads(ask(node.port, "POST", "/conductor/v1/keys", {"name": "one"})[1])
            set_script(ollama, gap_ms=600_000, records=2)
            stream = Stream(node.port, headers={"Authorization": "Bearer " + made["key"]})
            node.process.send_signal(signal.SIGUSR2)
            pid = self.successor_of(node)
            self.assertEqual(ask(node.port, "DELETE", f"/conductor/v1/keys/{made['id']}")[0], 200)
            self.assertIn("counts no longer", stream.end()[-1]["error"])
            self.assertEqual(node.ended(), 0, node.log())
            self.kill(pid)

    def test_who_only_follows_does_not_hold_the_old_node(self):
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as node:
            until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
            made = json.loads(ask(node.port, "POST", "/conductor/v1/sessions", {"model": "canned"})[1])
            idle = json.loads(ask(node.port, "POST", "/conductor/v1/sessions", {"model": "canned"})[1])
            session = f"/conductor/v1/sessions/{made['id']}"
            quiet = Follower(node.port, f"/conductor/v1/sessions/{idle['id']}/events", 0)
            busy = Follower(node.port, f"{session}/events", 0)
            set_script(ollama, gap_ms=20, records=40)
            stream = Stream(node.port, f"{session}/messages", {"content": "first"})
            until("the first words", lambda: busy.told("delta") > 0)
            set_script(ollama)
            node.process.send_signal(signal.SIGUSR2)
            pid = self.successor_of(node)
            quiet.end()
            self.assertIsNone(node.process.poll(), "the old node did not wait for its turn")
            self.assertEqual((busy.told("done"), busy.told("error")), (0, 0))
            busy.end()
            self.assertEqual(stream.end()[-1]["type"], "done")
            self.assertEqual(node.ended(), 0, node.log())
            self.assertEqual((busy.told("done"), busy.told("error"), quiet.told("error")), (1, 0, 0))
            self.assertFalse([line for line in quiet.lines + busy.lines if line.startswith(("cut", "data: {\"error"))])
            # The next node goes on where the old one ended.
            again = Follower(node.port, f"{session}/events", busy.ids()[-1])
            said = [json.loads(line) for line in
                    ask(node.port, "POST", f"{session}/messages", {"content": "second"})[1].splitlines()]
            until("its end", lambda: again.told("done") == 1)
            self.assertGreater(again.ids()[0], busy.ids()[-1])
            self.assertEqual(again.ids()[-1], said[-1]["seq"])
            self.kill(pid)
            again.end()

    def test_a_web_socket_stays_for_a_turn_that_waits(self):
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as node:
            until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
            made = json.loads(ask(node.port, "POST", "/conductor/v1/sessions", {"model": "canned"})[1])
            set_script(ollama, gap_ms=20, records=40)
            frames = Frames("127.0.0.1", node.port, PATIENCE)
            for ref, op in enumerate(({"op": "subscribe", "from": 1}, {"op": "send", "content": "first"},
                                      {"op": "send", "content": "second"})):
                frames.send(TEXT, json.dumps({**op, "ref": str(ref), "session": made["id"]}).encode())
            heard = []
            while not any(h["type"] == "queued" and h["message"] == 4 for h in heard):
                heard.append(json.loads(frames.receive()[1]))
            node.process.send_signal(signal.SIGUSR2)
            pid = self.successor_of(node)
            while (frame := frames.receive())[0] == TEXT:
                heard.append(json.loads(frame[1]))
            self.assertEqual([(h["type"], h["message"]) for h in heard if h["type"] in ("done", "error")],
                             [("done", 2), ("done", 4)])
            self.assertEqual(frame[0], CLOSE)
            frames.socket.close()
            self.assertEqual(node.ended(), 0, node.log())
            self.kill(pid)

    def test_a_successor_that_cannot_start_leaves_the_node_in_place(self):
        with scripted_ollama(OLLAMA) as ollama, tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "conductor.toml")
            file.write_text("")
            with conductor(NODE, ollama.port, "--config", str(file)) as node:
                until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
                file.write_text("[server]\nno_such_key = 1\n")
                node.process.send_signal(signal.SIGUSR2)
                until("its end", lambda: "has ended; this one goes on" in node.log())
                self.assertIn("no_such_key", node.log())
                self.assertEqual(ask(node.port, "GET", "/readyz")[0], 200)
                file.write_text("")
                node.process.send_signal(signal.SIGUSR2)
                pid = self.successor_of(node)
                self.assertEqual(node.ended(), 0)
                self.assertEqual(ask(node.port, "GET", "/healthz")[0], 200)
                self.kill(pid)

    def test_a_unix_socket_goes_with_the_last_node(self):
        with scripted_ollama(OLLAMA) as ollama, tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/node.sock"
            with conductor(NODE, ollama.port, "--listen", f"unix:{path}") as node:
                node.process.send_signal(signal.SIGUSR2)
                pid = self.successor_of(node)
                self.assertEqual(node.ended(), 0)
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(path)
                os.kill(pid, signal.SIGTERM)
                until("the file to go", lambda: not os.path.exists(path))


OLLAMA, NODE = sys.argv.pop(2), sys.argv.pop(1)
if __name__ == "__main__":
    unittest.main(verbosity=2)
