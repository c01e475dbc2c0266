#!/usr/bin/env python3
"""The bench of sessions runs from end to end, loses nothing, and says who mixes sessions up.
    sessions_test.py BUILD"""

import json
import pathlib
import socketserver
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else HERE.parents[1] / "build/release")

from driver.failure import Failure  # noqa: E402
from driver.stored import multiply  # noqa: E402
from faulty import answer, verdict  # noqa: E402

SHORT = "--sessions 50 --rate 20 --stored 1000 --live 200 --rounds 1 --seconds 1".split()


def bench(*arguments, build=BUILD):
    return subprocess.run([sys.executable, HERE / "sessions", "--build", build, *arguments],
                          capture_output=True, text=True, timeout=150, check=False)


def percentiles(name):
    return {f"{name}, p50", f"{name}, p99"}


class Whole(unittest.TestCase):
    def test_every_part_is_measured_and_nothing_is_lost(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "values.json"
            done = bench(*SHORT, "--json", file)
            self.assertEqual(done.returncode, 0, done.stderr)
            values = json.loads(file.read_text())
        rows = {}
        for value in values["results"]["rounds"]:
            self.assertEqual(len(value["values"]), 1, value)
            key = value["section"], value["contender"]
            rows.setdefault(key, {})[value["name"]] = value["values"][0]
        streaming = {"reached", "records checked", "records lost or mixed",
                     "node's processor time a record"} | percentiles("record after it was due")
        for path in ("session", "chat"):
            row = rows["50 streams at once, 20 records/s each", path]
            self.assertEqual(set(row), streaming)
            self.assertEqual(row["records lost or mixed"], 0)
            self.assertGreater(row["records checked"], 0)
        self.check_sizes(rows)
        self.check_commits(rows)
        slow = "8 sessions while another waits for a model"
        for name in ("waiting", "alone"):
            self.assertEqual(set(rows[slow, name]), percentiles("POST to the first text"))
        self.assertIn("50 sessions at 20 records/s each: ", done.stdout)
        self.assertIn("| *sessions* | */api/chat* |", done.stdout)

    def check_sizes(self, rows):
        both = {"start to /readyz", "resident when ready", "first list of 50",
                "resident after the first list"}
        section = "Stored and idle sessions"
        self.assertEqual(set(rows[section, "empty"]), both)
        self.assertEqual(set(rows[section, "full"]), both | {
            "a stored session (of 1,000)", "a live idle session (of 200), resident",
            "a live idle session (of 200), proportional"})

    def check_commits(self, rows):
        section = "Short answers, request after request"
        for path in ("session", "chat"):
            for clients in ("1 client", "64 clients"):
                self.assertIn(f"messages/s, {clients}", rows[section, path])
                self.assertIn(f"POST to the first line, p99, {clients}", rows[section, path])
        self.assertIn("what the commit adds to the first line, p50, 1 client",
                      rows[section, "session"])
        self.assertIn("4 KiB written and fsync, same folder, p50", rows[section, "session"])

    def test_a_missing_program_is_named(self):
        done = bench(*SHORT, build="/nonexistent")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/conductor-load is missing", done.stderr)
        self.assertEqual(done.stdout, "")


class Mixed(socketserver.StreamRequestHandler):
    """A node that answers every session with the server's `said`."""

    def handle(self):
        events = ('{"seq":1,"type":"started"}\n'
                  f'{{"seq":2,"type":"delta","text":"{self.server.said}"}}\n'
                  '{"seq":3,"type":"done"}\n')
        answer(self, events, f"Content-Length: {len(events)}")


class LoadGenerator(unittest.TestCase):
    def verdict(self, said):
        """What it says of an answer to a question for two records."""
        with tempfile.NamedTemporaryFile("w") as sessions:
            sessions.write("one\n")
            sessions.flush()
            status, words = verdict(BUILD, Mixed, ["--records", "2", "--sessions", sessions.name], said=said)
        self.assertEqual(status, 1)
        return words

    def test_lost_and_mixed_records_end_it_and_are_told(self):
        begin = "conductor-load: stream 0: "
        self.assertEqual(self.verdict("w0.0/0/5;"), begin + "1 of 2 records arrived")
        self.assertEqual(self.verdict("w0.0/0/5;w7.0/1/6;"),
                         begin + 'text of another: "w7.0/1/6;" where "w0.0" was asked for')


class Store(unittest.TestCase):
    """The session that is copied; nothing else about its tables is known."""

    ID = "01a20a9a-764b-7324-976e-0a3b5b82b74c"

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = pathlib.Path(self.folder.name) / "store.db"
        self.execute(
            "CREATE TABLE session(name TEXT PRIMARY KEY, later BLOB NOT NULL) WITHOUT ROWID",
            "CREATE TABLE message(number INTEGER PRIMARY KEY, session TEXT, text TEXT)",
            "CREATE TABLE other(text TEXT)",
            f"INSERT INTO session VALUES('{self.ID}', x'00ff')",
            f"INSERT INTO message(session, text) VALUES('{self.ID}', 'a'), ('{self.ID}', 'b')",
            "INSERT INTO other VALUES('x')")

    def execute(self, *statements):
        store = sqlite3.connect(self.file)
        with store:
            found = [store.execute(s).fetchall() for s in statements]
        store.close()
        return found[-1]

    def test_its_copies_have_all_that_it_has(self):
        ids = multiply(self.file, self.ID, 3)
        self.assertEqual(self.execute("SELECT name, later FROM session ORDER BY name"),
                         sorted((i, b"\x00\xff") for i in [*ids, self.ID]))
        for id_ in ids:
            self.assertEqual(
                self.execute(f"SELECT text FROM message WHERE session='{id_}' ORDER BY number"),
                [("a",), ("b",)])
        self.assertEqual(self.execute("SELECT count(*) FROM other"), [(1,)])

    def test_a_session_that_is_not_there_is_told(self):
        with self.assertRaisesRegex(Failure, "has no session"):
            multiply(self.file, self.ID[::-1], 3)


if __name__ == "__main__":
    unittest.main()
