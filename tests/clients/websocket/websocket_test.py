"""The WebSocket of the node: by a client that people use, and frame by frame, as Autobahn's cases do."""

import json
import os
import pathlib
import struct
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from frames import BINARY, CLOSE, PING, PONG, TEXT, Frames  # noqa: E402

NODE = os.environ["CONDUCTOR_URL"]
HOST, PORT = NODE.removeprefix("http://").split(":")
WS = NODE.replace("http", "ws") + "/conductor/v1/ws"
PATIENCE = 20


def ask(method, path, body=None, headers=None):
    request = urllib.request.Request(NODE + "/conductor/v1" + path, method=method, headers=headers or {},
                                     data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.read().decode()


def new_session(**more):
    return json.loads(ask("POST", "/sessions", {"model": "canned", **more}))["id"]


def script(**how):
    return {"options": {"script": how}}


class Talk:
    """One connection; `tell` waits for its acknowledgement and keeps the events that come before."""

    def __init__(self, **how):
        self.socket = connect(WS, open_timeout=PATIENCE, **how)
        self.events = []
        self.refs = 0

    def receive(self):
        return json.loads(self.socket.recv(timeout=PATIENCE))

    def tell(self, op, session, **more):
        self.refs += 1
        ref = str(self.refs)
        self.socket.send(json.dumps({"op": op, "ref": ref, "session": session, **more}))
        while True:
            answer = self.receive()
            if answer.get("ref") == ref:
                return answer
            self.events.append(answer)

    def until(self, kind, session=None):
        """Events up to the first of that kind, of that session."""
        seen, self.events = self.events, []
        for i, e in enumerate(seen):
            if e["type"] == kind and session in (None, e["session"]):
                self.events = seen[i + 1:]
                return seen[:i + 1]
        while True:
            seen.append(self.receive())
            if seen[-1]["type"] == kind and session in (None, seen[-1]["session"]):
                return seen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def text_of(events):
    return "".join(e["text"] for e in events if e["type"] == "delta")


class Conversations(unittest.TestCase):
    def test_a_turn_is_acknowledged_then_told_to_its_end(self):
        session = new_session()
        with Talk() as talk:
            self.assertEqual(talk.tell("subscribe", session, **{"from": 1})["type"], "ack")
            ack = talk.tell("send", session, content="hi", **script(records=5))
            self.assertEqual((ack["type"], ack["message"], ack["first_event"]), ("ack", 2, 1))
            self.assertEqual(talk.events, [], "nothing is told before it is acknowledged")
            events = talk.until("done")
        self.assertEqual([e["seq"] for e in events], list(range(1, len(events) + 1)))
        self.assertEqual({e["session"] for e in events}, {session})
        self.assertEqual(text_of(events), json.loads(ask("GET", f"/sessions/{session}"))["messages"][1]["content"])

    def test_one_connection_follows_many_sessions_without_mixing_them(self):
        sessions = [new_session() for _ in range(20)]
        with Talk() as talk:
            for i, s in enumerate(sessions):
                talk.tell("subscribe", s, **{"from": 1})
                talk.tell("send", s, content=f"I am {i}", options={"script": {"echo": True, "gap_ms": 1}})
            ended, texts = set(), dict.fromkeys(sessions, "")
            while len(ended) < len(sessions):
                e = talk.events.pop(0) if talk.events else talk.receive()
                if e["type"] == "delta":
                    texts[e["session"]] += e["text"]
                elif e["type"] == "done":
                    ended.add(e["session"])
        for i, s in enumerate(sessions):
            self.assertIn(f"I am {i}", texts[s])

    def test_resumes_from_a_number_without_gap_or_repeat(self):
        session = new_session()
        with Talk() as talk:
            talk.tell("subscribe", session, **{"from": 1})
            talk.tell("send", session, content="hi", **script(records=60, gap_ms=5))
            first = talk.until("started") + [talk.receive() for _ in range(10)]
        with Talk() as talk:
            talk.tell("subscribe", session, **{"from": first[-1]["seq"] + 1})
            rest = talk.until("done")
        numbers = [e["seq"] for e in first + rest]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_a_latecomer_gets_a_snapshot_first(self):
        session = new_session()
        ask("POST", f"/sessions/{session}/messages", {"content": "hi"})
        with Talk() as talk:
            talk.tell("subscribe", session)
            snapshot = talk.until("snapshot")[-1]
        self.assertEqual(len(snapshot["messages"]), 2)

    def test_three_surfaces_see_the_same(self):
        session = new_session()
        followed = {}

        def follow():
            request = urllib.request.Request(f"{NODE}/conductor/v1/sessions/{session}/events?from=1",
                                             headers={"Accept": "text/event-stream"})
            seen = followed["sse"] = []
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                for line in answer:
                    if line.startswith(b"data: "):
                        seen.append(json.loads(line[6:]))
                        if seen[-1]["type"] == "done":
                            return

        reader = threading.Thread(target=follow)
        reader.start()
        with Talk() as talk:
            talk.tell("subscribe", session, **{"from": 1})
            posted = ask("POST", f"/sessions/{session}/messages", {"content": "hi", **script(records=30, gap_ms=2)})
            heard = talk.until("done")
        reader.join(PATIENCE)
        posted = [json.loads(line) for line in posted.splitlines()]
        for e in heard:
            self.assertEqual(e.pop("session"), session)
        self.assertEqual(posted, heard)
        self.assertEqual(followed["sse"], heard)

    def test_cancels_and_unsubscribes(self):
        session = new_session()
        with Talk() as talk:
            talk.tell("subscribe", session, **{"from": 1})
            talk.tell("send", session, content="hi", **script(records=10000, gap_ms=5))
            talk.until("delta")
            self.assertTrue(talk.tell("cancel", session)["cancelled"])
            talk.until("cancelled")
            self.assertEqual(talk.tell("unsubscribe", session)["type"], "ack")
            talk.tell("send", session, content="again")
            self.assertFalse(talk.tell("cancel", session, message=99)["cancelled"])
            self.assertEqual(talk.events, [])

    # Found by tests/world/chaos_test.py: it was followed twice, and each event told twice.
    def test_who_leaves_and_comes_back_without_waiting_is_told_everything_once(self):
        session = new_session()
        with Talk() as talk:
            talk.tell("send", session, content="hi", **script(records=300, gap_ms=1))
            for ref in range(100, 200):
                op = "unsubscribe" if ref % 2 else "subscribe"
                start = {} if ref % 2 else {"from": 1}
                talk.socket.send(json.dumps({"op": op, "ref": str(ref), "session": session, **start}))
            told, acks = [], []
            talk.socket.send(json.dumps({"op": "subscribe", "ref": "200", "session": session, "from": 1}))
            while acks[-1:] != ["200"] or not told or told[-1]["type"] != "done":
                said = talk.receive()
                if said["type"] == "ack":
                    acks.append(said["ref"])
                    told = []
                else:
                    self.assertIn(acks[-1], [str(ref) for ref in range(100, 201, 2)], "told before or behind it")
                    told.append(said)
        self.assertEqual(acks, [str(ref) for ref in range(100, 201)])
        self.assertEqual([e["seq"] for e in told], list(range(1, len(told) + 1)))

    def test_a_slow_reader_gets_everything_or_a_snapshot(self):
        session = new_session()
        with Talk() as talk:
            talk.tell("subscribe", session, **{"from": 1})
            ask("POST", f"/sessions/{session}/messages", {"content": "hi", **script(records=20000)})
            events = []
            last = 0
            while True:
                e = talk.receive()
                self.assertTrue(e["seq"] == last + 1 or e["type"] == "snapshot", e["seq"])
                last = e["seq"]
                events.append(e)
                ended = e["type"] == "done" or (
                    e["type"] == "snapshot" and e["messages"][-1]["state"] == "done")
                if ended:
                    break
        snapshots = [i for i, e in enumerate(events) if e["type"] == "snapshot"]
        start = events[snapshots[-1]]["messages"][-1]["content"] if snapshots else ""
        said = start + text_of(events[snapshots[-1] + 1 if snapshots else 0:])
        self.assertEqual(said, json.loads(ask("GET", f"/sessions/{session}"))["messages"][1]["content"])

    def test_an_erased_session_is_told(self):
        session = new_session()
        with Talk() as talk:
            talk.tell("subscribe", session)
            ask("DELETE", f"/sessions/{session}")
            gone = talk.until("error", session)[-1]
        self.assertEqual(gone["code"], "session_not_found")

    def test_a_repeated_message_is_answered_once(self):
        session = new_session()
        with Talk() as talk:
            acks = [talk.tell("send", session, content="hi", idempotency_key="k") for _ in range(3)]
        self.assertEqual({a["message"] for a in acks}, {2})
        self.assertEqual(len(json.loads(ask("GET", f"/sessions/{session}"))["messages"]), 2)


class Ends(unittest.TestCase):
    def connections(self):
        return json.loads(ask("GET", "/status"))["connections"]

    def test_a_connection_that_ended_is_forgotten(self):
        before = 1  # the one that asks; those of the tests before may still be on their way out
        deadline = time.monotonic() + PATIENCE
        while self.connections() > before and time.monotonic() < deadline:
            time.sleep(0.05)
        talks = [Talk() for _ in range(5)] + [Broken() for _ in range(5)]
        self.assertEqual(self.connections(), before + 10)
        for t in talks:
            t.socket.close()
        deadline = time.monotonic() + PATIENCE
        while self.connections() > before and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.connections(), before)


class BadOperations(unittest.TestCase):
    def test_each_is_named_and_the_connection_lives(self):
        session = new_session()
        with Talk() as talk:
            for op, more, said in (
                    ("sing", {}, '"op" must be'), ("subscribe", {"form": 1}, 'unknown key "form"'),
                    ("subscribe", {"from": -1}, '"from" must be'), ("unsubscribe", {}, "not subscribed"),
                    ("send", {}, '"content" is missing'), ("send", {"content": 7}, '"content" must be a string')):
                answer = talk.tell(op, session, **more)
                self.assertEqual((answer["type"], answer["code"]), ("error", "bad_request"), answer)
                self.assertIn(said, answer["detail"])
            answer = talk.tell("subscribe", "nobody")
            self.assertEqual(answer["code"], "session_not_found")
            for text in ("", "[]", "{", "7", '"op"', "{}"):
                talk.socket.send(text)
                self.assertEqual(talk.receive()["code"], "bad_request", text)
            talk.tell("subscribe", session)
            self.assertIn("already", talk.tell("subscribe", session)["detail"])

    def test_a_connection_has_a_bounded_number_of_subscriptions(self):
        with Talk() as talk:
            for _ in range(256):
                self.assertEqual(talk.tell("subscribe", new_session())["type"], "ack")
            self.assertIn("256", talk.tell("subscribe", new_session())["detail"])


class Upgrades(unittest.TestCase):
    def test_a_strange_origin_is_refused(self):
        with self.assertRaises(InvalidStatus) as refused:
            Talk(origin="https://evil.example")
        self.assertEqual(refused.exception.response.status_code, 403)

    def test_what_is_no_upgrade_gets_426(self):
        with self.assertRaises(urllib.error.HTTPError) as refused:
            ask("GET", "/ws")
        self.assertEqual(refused.exception.code, 426)
        self.assertIn("WebSocket", json.loads(refused.exception.read())["detail"])

    def test_compression_is_agreed_and_used(self):
        session = new_session()
        with Talk(compression="deflate") as talk:
            self.assertIn("permessage-deflate", talk.socket.response.headers["Sec-WebSocket-Extensions"])
            talk.tell("subscribe", session, **{"from": 1})
            talk.tell("send", session, content="z" * 5000, options={"script": {"echo": True}})
            asked = talk.until("done")[0]
        self.assertEqual(asked["content"], "z" * 5000)
        with Talk(compression=None) as talk:
            self.assertNotIn("Sec-WebSocket-Extensions", talk.socket.response.headers)


class Broken(Frames):
    """A connection that breaks the rules, and sees what comes of it."""

    def __init__(self):
        super().__init__(HOST, int(PORT), PATIENCE)

    def close_code(self):
        """The code that the node closes with; None: it just ends."""
        try:
            while True:
                opcode, data = self.receive()
                if opcode == CLOSE:
                    return struct.unpack("!H", data[:2])[0] if data else 1005
        except (EOFError, ConnectionError):
            return None

    def answers(self):
        """The node still takes operations."""
        self.send(TEXT, b"{}")
        return json.loads(self.receive()[1])["code"] == "bad_request"


class FrameByFrame(unittest.TestCase):
    OPERATION = json.dumps({"op": "unsubscribe", "ref": "Grüße", "session": "x"}, ensure_ascii=False).encode()

    def setUp(self):
        self.frames = Broken()

    def tearDown(self):
        self.frames.socket.close()

    def test_a_message_in_fragments_of_any_size_is_one(self):
        for size in (1, 2, 3, 7, 50):
            parts = [self.OPERATION[i:i + size] for i in range(0, len(self.OPERATION), size)]
            for i, part in enumerate(parts):
                self.frames.send(TEXT if i == 0 else 0, part, fin=i == len(parts) - 1)
            self.assertEqual(json.loads(self.frames.receive()[1])["ref"], "Grüße")

    def test_control_frames_may_stand_between_fragments(self):
        self.frames.send(TEXT, self.OPERATION[:9], fin=False)
        self.frames.send(PING, b"alive?")
        self.assertEqual(self.frames.receive(), (PONG, b"alive?"))
        self.frames.send(PONG, b"unasked")
        self.frames.send(0, self.OPERATION[9:])
        self.assertEqual(json.loads(self.frames.receive()[1])["ref"], "Grüße")

    def test_pings_of_every_allowed_size_are_answered(self):
        for size in (0, 1, 125):
            self.frames.send(PING, b"p" * size)
            self.assertEqual(self.frames.receive(), (PONG, b"p" * size))
        self.assertTrue(self.frames.answers())

    def test_what_breaks_the_protocol_is_closed_with_1002(self):
        for how in (lambda f: f.send(PING, b"p" * 126), lambda f: f.send(PING, b"", fin=False),
                    lambda f: f.send(3, b""), lambda f: f.send(11, b""), lambda f: f.send(0, b"x"),
                    lambda f: f.send(TEXT, b"{}", reserved=2), lambda f: f.send(TEXT, b"{}", mask=False),
                    lambda f: (f.send(TEXT, b"a", fin=False), f.send(TEXT, b"b"))):
            frames = Broken()
            how(frames)
            self.assertEqual(frames.close_code(), 1002)
            frames.socket.close()

    def test_text_that_is_no_utf8_is_closed_with_1007(self):
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"abc\xce"):
            frames = Broken()
            frames.send(TEXT, bad)
            self.assertEqual(frames.close_code(), 1007, bad)
            frames.socket.close()

    def test_utf8_may_be_cut_between_fragments(self):
        at = self.OPERATION.index("ü".encode()) + 1
        self.frames.send(TEXT, self.OPERATION[:at], fin=False)
        self.frames.send(0, self.OPERATION[at:])
        self.assertEqual(json.loads(self.frames.receive()[1])["ref"], "Grüße")

    def test_binary_is_not_understood(self):
        self.frames.send(BINARY, b"{}")
        self.assertEqual(self.frames.close_code(), 1003)

    def test_a_message_that_is_too_large_is_closed_with_1009(self):
        self.frames.send(TEXT, b"", length=17 * 1024 * 1024)
        self.assertEqual(self.frames.close_code(), 1009)

    def test_close_is_answered_in_kind(self):
        for code in (1000, 1001, 3000, 4999):
            frames = Broken()
            frames.send(CLOSE, struct.pack("!H", code) + b"bye")
            self.assertEqual(frames.close_code(), code)
            frames.socket.close()
        self.frames.send(CLOSE)
        self.assertIn(self.frames.close_code(), (1000, 1005))

    def test_a_bad_close_is_a_broken_protocol(self):
        for payload in (b"x", struct.pack("!H", 999), struct.pack("!H", 1005), struct.pack("!H", 2999)):
            frames = Broken()
            frames.send(CLOSE, payload)
            self.assertEqual(frames.close_code(), 1002, payload)
            frames.socket.close()

    def test_one_that_vanishes_disturbs_nobody(self):
        session = new_session()
        with Talk() as talk:
            talk.tell("subscribe", session, **{"from": 1})
            for _ in range(20):
                frames = Broken()
                frames.send(TEXT, b"{", fin=False)
                frames.socket.close()
            talk.tell("send", session, content="hi")
            self.assertEqual(talk.until("done")[-1]["type"], "done")


if __name__ == "__main__":
    unittest.main()
