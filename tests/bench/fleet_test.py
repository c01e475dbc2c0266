#!/usr/bin/env python3
"""The bench of fleets runs from end to end, and says who answers by halves.
    fleet_test.py BUILD"""

import asyncio
import json
import pathlib
import socketserver
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else HERE.parents[1] / "build/release")

from driver.asking import Question, ask, percentile, words  # noqa: E402
from driver.failure import Failure  # noqa: E402

CONTENDERS = {"random", "haproxy", "haproxy-queue", "nginx", "conductor", "inferred"}
TIMES = ("p50", "p90", "p99")


def bench(*arguments, build=BUILD):
    return subprocess.run([sys.executable, HERE / "fleet", "--quick", "--build", build,
                           *arguments], capture_output=True, text=True, timeout=200, check=False)


def percentiles(name, shares=("p50", "p99")):
    return {f"{name}, {p}" for p in shares}


class Whole(unittest.TestCase):
    def test_every_contender_is_measured_in_every_part(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "values.json"
            done = bench("--json", file)
            self.assertEqual(done.returncode, 0, done.stderr)
            values = json.loads(file.read_text())
        rows = {}
        for value in values["results"]["rounds"]:
            self.assertEqual(len(value["values"]), 1, value)
            names = rows.setdefault(value["section"], {}).setdefault(value["contender"], {})
            names[value["name"]] = value["values"][0]
        mixed = (percentiles("first record", TIMES) | percentiles("completion", TIMES)
                 | {"answers/s"})
        swapping = percentiles("completion") | {"loads for 3 requests"}
        wanted = {
            "Short and long requests, 2 backends": mixed,
            "Short and long requests, 4 backends": mixed,
            "Two models that do not fit together, 2 backends": swapping,
            "Two values of num_ctx, 1 backend":
                percentiles("completion") | {"loads for 2 requests"},
            "One heavy user and nine light ones, 2 backends":
                percentiles("light users' first record")
                | percentiles("light users' completion"),
            "Conversations of 2 turns, 8 at a time, 4 backends":
                percentiles("first record of later turns", TIMES)
                | {"prompt tokens found in cache"}}
        raised = rows.pop('Two values of num_ctx, 1 backend, `options = "raise"`', None)
        self.assertEqual(raised is None, "knows no `options" in done.stdout)
        self.assertEqual(set(rows), set(wanted))
        for section, names in wanted.items():
            self.assertEqual(set(rows[section]), CONTENDERS, section)
            for contender, measured in rows[section].items():
                self.assertEqual(set(measured), names, (section, contender))
        # Without a proxy, two values are as many loads as there are changes.
        self.assertEqual(rows["Two values of num_ctx, 1 backend"]["random"][
            "loads for 2 requests"], 2)
        self.assertIn("| Conductor, inferred |", done.stdout)

    def test_a_missing_program_is_named(self):
        done = bench(build="/nonexistent")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/scripted-ollama is missing", done.stderr)
        self.assertEqual(done.stdout, "")


def record(text, done=False):
    return json.dumps({"message": {"content": text}, "done": done}) + "\n"


class Scripted(socketserver.StreamRequestHandler):
    """Answers every request with the server's `said`, in the server's `framing`."""

    def handle(self):
        length = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name == b"Content-Length" else length
        self.rfile.read(length)
        self.wfile.write(
            f"HTTP/1.1 200 OK\r\n{self.server.framing}\r\n\r\n{self.server.said}".encode())


class Asking(unittest.TestCase):
    def asked(self, *records, framing=None):
        """The answer, or the failure's text, to a question for three words."""
        said = "".join(records)
        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Scripted) as server:
            server.daemon_threads = True
            server.said, server.framing = said, framing or f"Content-Length: {len(said)}"
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                return asyncio.run(self.ask(server.server_address[1]))
            except Failure as e:
                return str(e)
            finally:
                server.shutdown()

    @staticmethod
    async def ask(port):
        return await ask(port, Question(words("w", 3)))

    def test_a_whole_answer_has_its_times(self):
        parts = [record("w.0"), record(" w.1"), record(" w.2"), record("", True)]
        found = self.asked(*parts)
        self.assertLessEqual(found.first, found.whole)
        chunks = [f"{len(p):x}\r\n{p}\r\n" for p in (*parts[:2], "".join(parts[2:]))]
        self.asked(*chunks, "0\r\n\r\n", framing="Transfer-Encoding: chunked").whole

    def test_what_is_lost_doubled_or_cut_off_is_told(self):
        begin, middle, end = record("w.0"), record(" w.1"), record(" w.2", True)
        self.assertIn("7 characters where 11", self.asked(begin, end))
        self.assertIn("15 characters where 11", self.asked(begin, middle, middle, end))
        self.assertIn("not just the last record says done",
                      self.asked(begin, middle, record(" w.2")))
        self.assertIn("not just the last record says done", self.asked(begin, end, middle))
        self.assertIn("no whole answer", self.asked('{"error":"x"}\n'))
        self.assertIn("no whole answer", self.asked(
            f"{len(begin):x}\r\n{begin}\r\n", framing="Transfer-Encoding: chunked"))

    def test_a_percentile_is_one_of_the_values(self):
        self.assertEqual([percentile([3, 1, 2, 4], s) for s in (0, .5, .9, .99)], [1, 3, 4, 4])


if __name__ == "__main__":
    unittest.main()
