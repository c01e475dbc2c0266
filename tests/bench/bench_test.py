#!/usr/bin/env python3
"""The bench runs from end to end, and says what is wrong with a server that loses records.
    bench_test.py BUILD"""

import itertools
import json
import pathlib
import socketserver
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else HERE.parents[1] / "build/release")

from faulty import answer, verdict  # noqa: E402

TINY = ("--quick --seconds 0.3 --idle-seconds 0.5 --streams 1,8 --connections 50 --held 20 "
        "--only direct,haproxy,nginx,conductor").split()


def bench(*arguments, build=BUILD):
    return subprocess.run([sys.executable, HERE / "bench", "--build", build, *arguments],
                          capture_output=True, text=True, timeout=100, check=False)


class Whole(unittest.TestCase):
    def test_every_contender_is_measured_and_judged(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "values.json"
            done = bench(*TINY, "--json", file)
            self.assertEqual(done.returncode, 0, done.stderr)
            values = json.loads(file.read_text())
        self.assertRegex(done.stdout, r"\d+ of \d+ goals met")
        self.assertIn("÷ HAProxy", done.stdout)
        measured = {(v["contender"], v["section"]) for v in values["results"]["rounds"]}
        sections = ["Time to first record", "Latency of a chunk", "Requests/s at saturation"]
        of_proxies = ["Processor time", "Idle processor time", "Resident memory"]
        contenders = ["direct", "haproxy", "nginx", "conductor"]
        wanted = {*itertools.product(contenders, sections),
                  *itertools.product(contenders[1:], of_proxies)}
        self.assertEqual(measured, wanted)
        # Latency at two counts of streams, three percentiles each, and two throughputs,
        # against two others; the first record against HAProxy only.
        self.assertEqual(len(values["goals"]), (2 * 3 + 2) * 2 + 2 * 3)

    def test_under_tls_too(self):
        done = bench(*TINY, "--parts", "latency", "--tls")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("÷ nginx", done.stdout)

    def test_a_missing_program_is_named(self):
        done = bench("--quick", build="/nonexistent")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/conductor-load is missing", done.stderr)
        self.assertEqual(done.stdout, "")


class Faulty(socketserver.StreamRequestHandler):
    """Answers every request with the records 0, 1, 2 … as the server's `records` tell."""

    def handle(self):
        out = ""
        begin = time.monotonic_ns()
        for record in self.server.records:
            done = "true" if record == "done" else "false"
            number = 99 if record == "done" else record
            text = f'{{"t":{begin + number},"done":{done}}}\n'
            out += f"{len(text):x}\r\n{text}\r\n"
        answer(self, out + "0\r\n\r\n", "Transfer-Encoding: chunked")


class LoadGenerator(unittest.TestCase):
    def verdict(self, *records):
        """What it says of three records that arrive like this."""
        status, said = verdict(BUILD, Faulty, ["--records", "3"], records=records)
        self.assertEqual(status, 1)
        return said

    def test_faults_end_it_and_are_told(self):
        begin = "conductor-load: stream 0: "
        self.assertEqual(self.verdict(0, 1, "done"), begin + "2 of 3 records arrived")
        self.assertEqual(self.verdict(0, 1, 1, 2, "done"), begin + "a record came twice")
        self.assertEqual(self.verdict(0, 2, 1, "done"), begin + "records out of order")
        self.assertEqual(self.verdict(0, 1, 2),
                         begin + "the answer ended without done:true")


if __name__ == "__main__":
    unittest.main()
