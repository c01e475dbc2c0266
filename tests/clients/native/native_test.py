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
        validate(description)

    def test_the_schema_of_events_is_valid(self):
        Draft202012Validator.check_schema(document("events.schema.json"))

    def test_the_node_does_as_it_is_described(self):
        description = document("openapi.json")
        self.assertGreater(len(description["paths"]), 10)
        here = pathlib.Path(__file__).resolve().parent
        folder = tempfile.TemporaryDirectory()  # where it keeps what it finds
        self.addCleanup(folder.cleanup)
        done = subprocess.run(
            [str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", f"{ROOT}/openapi.json", "--url", NODE,
             "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
             "response_schema_conformance,response_headers_conformance",
             "--exclude-operation-id", "followEvents",  # it does not end
             "--max-examples", "20", "--seed", "1", "--generation-database", "none", "--request-timeout", "20",
             "--no-color"],
            cwd=folder.name, env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(here)},
            capture_output=True, text=True, timeout=240, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])
        self.assertRegex(done.stdout, r"[1-9][0-9]* generated")


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

    def turn(self, session, content="hi", part="messages", **more):
        return self.held(ask("POST", f"/sessions/{session}/{part}",
                             {**({"content": content} if part == "messages" else {}), **more}))

    def test_every_event_of_every_kind_of_turn(self):
        session = new_session()
        self.turn(session)
        self.turn(session, part="regenerate")
        self.turn(new_session("thinker"), think=True)
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
        self.assertLessEqual({"message", "queued", "started", "delta", "thinking", "done", "cancelled", "error",
                              "snapshot", "changed"}, self.seen)


if __name__ == "__main__":
    unittest.main()
