#!/usr/bin/env python3
"""Bodies whose cost is out of proportion to their size: bodies_test.py CONDUCTOR SCRIPTED_OLLAMA"""

import unittest

from peer import NODE, OLLAMA, ask, conductor, cpu_seconds, scripted_ollama, until

MANY = 60_000
MOST = 8  # seconds of the processor for one of these, a sanitizer's included; minutes where each asks for all before it
SESSIONS, RESPONSES, KEYS, CHAT = "/conductor/v1/sessions", "/v1/responses", "/conductor/v1/keys", "/api/chat"


def nested(depth):
    return '{"a":' * depth + "1" + "}" * depth


def session(**more):
    return {"model": "canned", **more}


def stored(items):
    return {"model": "canned", "store": True, "input": [{"role": "user", "content": "x"}, *items]}


def call(number, arguments="{}"):
    return {"type": "function_call", "call_id": f"c{number}", "name": "f", "arguments": arguments}


MEMBERS = {f"k{n}": "1" for n in range(MANY)}
TALK = [{"role": ("user", "assistant")[n % 2], "content": "x", "usage": {"prompt_tokens": n, "completion_tokens": 1}}
        for n in range(MANY // 3)]
TOOLS = [item for n in range(MANY // 10)
         for item in (call(n), {"type": "function_call_output", "call_id": f"c{n}", "output": "x"})]

# (route, body, status)
BODIES = {
    "an object of many members": (SESSIONS, session(metadata=MEMBERS), 400),
    "options of many members": (SESSIONS, session(options=MEMBERS), 400),
    "members of no meaning": (SESSIONS, session(**MEMBERS), 400),
    "many values": (KEYS, {"name": "x", "models": ["m"] * 300_000}, 400),
    "a long conversation": (SESSIONS, session(messages=TALK), 201),
    "long metadata": (SESSIONS, session(metadata={"k": "x" * 70_000}), 400),
    "long metadata of a response": (RESPONSES, {**stored([]), "metadata": {"k": "x" * 70_000}}, 400),
    "a long title": (SESSIONS, session(title="x" * 2_000_000), 400),
    "many functions called at once": (RESPONSES, stored([call(n) for n in range(MANY // 10)]), 200),
    "many functions called in turn": (RESPONSES, stored(TOOLS), 200),
    "many messages": (RESPONSES, stored([{"role": "user", "content": "x"}] * (MANY // 2)), 200),
    "options of a drop-in request": (CHAT, {"model": "canned", "messages": [{"role": "user", "content": "x"}],
                                            "stream": False, "options": MEMBERS}, 200),
    "nested metadata": (SESSIONS, f'{{"model":"canned","metadata":{nested(300_000)}}}'.encode(), 400),
    "nested arguments": (RESPONSES, stored([call(0, nested(300_000))]), 400),
}


class Bodies(unittest.TestCase):
    def test_cost_what_their_size_allows(self):
        ollama = self.enterContext(scripted_ollama(OLLAMA))
        node = self.enterContext(conductor(NODE, ollama.port))
        until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
        for what, (path, body, status) in BODIES.items():
            with self.subTest(what):
                before = cpu_seconds(node.pid)
                got, text = ask(node.port, "POST", path, body, patience=120)
                self.assertEqual(got, status, text[:300])
                self.assertLess(cpu_seconds(node.pid) - before, MOST)
                self.assertEqual(ask(node.port, "GET", "/healthz")[0], 200)


if __name__ == "__main__":
    unittest.main(argv=["bodies_test.py"], verbosity=2)
