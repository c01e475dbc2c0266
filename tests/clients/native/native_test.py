"""The native API against the documents that the node serves about itself: schemathesis asks it all kinds of
things, and every event of real turns is held against the schema of events."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

NODE, DIRECT = os.environ["CONDUCTOR_URL"], os.environ["OLLAMA_URL"]
ROOT = NODE + "/conductor/v1"
CHECKS = ["status_code_conformance", "content_type_conformance", "response_schema_conformance",
          "response_headers_conformance", "unsupported_method", "allow_header_conformance",
          "says_no_more_than_is_described"]
# 502 to 504 are answers that are described; 500 is a fault.
SETTINGS = "[checks]\nenabled = false\n" + "".join(f"[checks.{c}]\nenabled = true\n" for c in CHECKS) + (
    '[checks.not_a_server_error]\nenabled = true\n'
    'expected-statuses = ["2xx", "3xx", "4xx", 502, 503, 504]\n')
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]


def ask(method, path, body=None, headers=None):
    request = urllib.request.Request(ROOT + path, method=method, headers=headers or {},
                                     data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode()


def document(name):
    return json.loads(ask("GET", f"/{name}"))


def new_session(model="canned"):
    return json.loads(ask("POST", "/sessions", {"model": model}))["id"]


class Documents(unittest.TestCase):
    def test_the_description_is_valid_openapi(self):
        description = document("openapi.json")
        self.assertEqual(description["openapi"], "3.1.0")
        validate(description, base_uri=f"{ROOT}/openapi.json")

    def test_the_schema_of_events_is_valid(self):
        Draft202012Validator.check_schema(document("events.schema.json"))

    def test_the_node_does_as_it_is_described(self):
        self.assertGreater(len(document("openapi.json")["paths"]), 10)
        here = pathlib.Path(__file__).resolve().parent
        with tempfile.TemporaryDirectory(prefix="conductor-test-") as place:  # it leaves files where it runs
            (pathlib.Path(place) / "schemathesis.toml").write_text(SETTINGS)
            done = subprocess.run(
                [str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", f"{ROOT}/openapi.json",
                 "--url", NODE, "--phases", "examples,coverage,fuzzing", "--max-examples", "30", "--seed", "1",
                 "--generation-database", "none", "--request-timeout", "20", "--continue-on-failure", "--no-color"],
                cwd=place, env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(here),
                                "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True, text=True, timeout=240, check=False)
        print(done.stdout[-2500:])
        self.assertEqual(done.returncode, 0, done.stdout[-12000:] + done.stderr[-2000:])
        self.assertRegex(done.stdout, r"[1-9][0-9]* generated")


def events_of(stream):
    """Those of server-sent events, with what their fields say."""
    for part in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.splitlines() if not line.startswith(":"))
        if fields:
            yield fields, json.loads(fields["data"])


class Events(unittest.TestCase):
    def setUp(self):
        self.schema = Draft202012Validator(document("events.schema.json"))
        self.seen = set()

    def held(self, lines):
        for line in lines.splitlines():
            event = json.loads(line)
            self.schema.validate(event)
            self.seen.add(event["type"])
        return lines

    def broken(self, line):
        self.schema.validate(json.loads(line))
        return line

    def turn(self, session, content="hi", part="messages", **more):
        said = {"content": content} if part == "messages" and "messages" not in more else {}
        return self.held(ask("POST", f"/sessions/{session}/{part}", {**said, **more}))

    def test_every_event_of_every_kind_of_turn(self):
        session = new_session()
        self.turn(session)
        self.turn(session, part="regenerate")
        self.turn(new_session("thinker"), think=True)
        self.turn(session, tools=TOOLS, options={"script": {"tool": True}})
        self.turn(session, role="tool", content="mild", tool_name="weather")
        self.turn(session, messages=[{"content": "one"}, {"role": "tool", "content": "two"}])
        self.turn(new_session("nobody"))
        long = {"options": {"script": {"records": 100000, "gap_ms": 5}}}
        cut = threading.Thread(target=self.turn, args=(session,), kwargs=long)
        cut.start()
        while '"streaming"' not in ask("GET", f"/sessions/{session}"):
            pass
        waiting = threading.Thread(target=self.turn, args=(session,))
        waiting.start()
        while '"queued"' not in ask("GET", f"/sessions/{session}"):
            pass
        ask("POST", f"/sessions/{session}/cancel")
        cut.join(20)
        waiting.join(20)
        request = urllib.request.Request(f"{ROOT}/sessions/{session}/events")
        with urllib.request.urlopen(request, timeout=20) as answer:
            self.held(answer.readline().decode())
            ask("PATCH", f"/sessions/{session}", {"title": "new"})
            self.held(answer.readline().decode())
            ask("DELETE", f"/sessions/{session}")
            self.assertIn("error", json.loads(self.broken(answer.read().decode())))
        self.assertLessEqual({"message", "queued", "started", "delta", "thinking", "tool_calls", "done", "cancelled",
                              "error", "snapshot", "changed"}, self.seen)

    def test_the_same_events_as_server_sent_ones(self):
        stream = ask("POST", f"/sessions/{new_session()}/messages", {"content": "hi"}, {"Accept": "text/event-stream"})
        for fields, event in events_of(stream):
            self.schema.validate(event)
            self.assertEqual((fields["id"], fields["event"]), (str(event["seq"]), event["type"]))
        self.assertEqual(event["type"], "done")

    def test_one_body_ends_with_the_last_event(self):
        whole = json.loads(ask("POST", f"/sessions/{new_session('thinker')}/messages", {"content": "hi", "think": True},
                               {"Accept": "application/json"}))
        self.schema.validate(whole["event"])
        self.assertTrue(whole["content"] and whole["thinking"])

    def test_no_more_than_what_is_described(self):
        for unlike in ({"seq": 1, "type": "delta", "time": "2026-11-24T00:00:00.000Z", "message": 1},
                       {"seq": 1, "type": "news", "time": "2026-11-24T00:00:00.000Z"}, {}):
            self.assertFalse(self.schema.is_valid(unlike), unlike)


if __name__ == "__main__":
    unittest.main()
