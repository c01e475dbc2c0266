"""Kills the node with SIGKILL at random moments under load, again and again, and looks whether
what it acknowledged is there: kill_test.py CONDUCTOR SCRIPTED_OLLAMA. 20 cycles, or 200 where
CONDUCTOR_LONG is set."""

import http.client
import json
import os
import pathlib
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guards"))
from processes import ask, conductor, scripted_ollama, set_script  # noqa: E402

NODE, OLLAMA = sys.argv[1:3]
CYCLES = 200 if os.environ.get("CONDUCTOR_LONG") else 20
SESSIONS = "/conductor/v1/sessions"
TALKERS = 4


class Talker(threading.Thread):
    """Says one thing after another in one session until its node is gone."""

    def __init__(self, port, session, cycle):
        super().__init__(daemon=True)
        self.port, self.session, self.cycle = port, session, cycle
        self.acknowledged, self.last_event, self.ended = [], 0, {}

    def run(self):
        for i in range(10_000):
            text = f"cycle {self.cycle} message {i}"
            try:
                self.say(text)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                return

    def say(self, text):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("POST", f"{SESSIONS}/{self.session}/messages", json.dumps({"content": text}))
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        said = ""
        for line in answer:
            event = json.loads(line)
            if not said and text not in self.acknowledged:
                self.acknowledged.append(text)  # the first event follows the commit
            assert event["seq"] > self.last_event, (event, self.last_event)
            self.last_event = event["seq"]
            said += event.get("text", "")
            if event["type"] == "done":
                self.ended[event["message"]] = said
        connection.close()


def read(port, session):
    status, body = ask(port, "GET", f"{SESSIONS}/{session}")
    assert status == 200, body
    return json.loads(body)["messages"]


def check(port, talker):
    """Everything acknowledged is there; whole answers are whole; the rest is marked."""
    messages = read(port, talker.session)
    said = [m["content"] for m in messages if m["role"] == "user"]
    missing = [text for text in talker.acknowledged if text not in said]
    assert not missing, f"acknowledged and lost: {missing}"
    by_number = {m["seq"]: m for m in messages}
    for number, text in talker.ended.items():
        assert by_number[number]["content"] == text, by_number[number]
        assert by_number[number]["state"] == "done", by_number[number]
    for m in messages:
        assert m["state"] in ("done", "interrupted"), m


def main():
    chance = random.Random(int(os.environ.get("SEED", time.time())))
    talkers, acknowledged = [], 0
    with tempfile.TemporaryDirectory() as folder, scripted_ollama(OLLAMA) as ollama:
        set_script(ollama, records=40, gap_ms=1)
        for cycle in range(CYCLES):
            with conductor(NODE, ollama.port, "--data-dir", folder) as node:
                for talker in talkers:
                    check(node.port, talker)
                sessions = [t.session for t in talkers] or [
                    json.loads(ask(node.port, "POST", SESSIONS, {"model": "canned"})[1])["id"]
                    for _ in range(TALKERS)]
                before = {t.session: t.last_event for t in talkers}
                talkers = [Talker(node.port, s, cycle) for s in sessions]
                for talker in talkers:
                    talker.last_event = before.get(talker.session, 0)
                    talker.start()
                time.sleep(chance.uniform(0.02, 0.5))
                node.process.kill()
                node.process.wait()
                for talker in talkers:
                    talker.join(20)
                acknowledged += sum(len(t.acknowledged) for t in talkers)
        for file in pathlib.Path(folder).iterdir():
            assert file.stat().st_mode & 0o077 == 0, f"others may read {file.name}"
    assert acknowledged > CYCLES, f"only {acknowledged} messages were acknowledged: nothing was tested"
    print(f"{CYCLES} kills, {acknowledged} acknowledged messages, none lost")


main()
