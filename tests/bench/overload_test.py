#!/usr/bin/env python3
"""The bench of overload runs from end to end, and says what is neither an answer nor a refusal.
    overload_test.py BUILD"""

import http.server
import pathlib
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else HERE.parents[1] / "build/release")

from driver import crowd  # noqa: E402


def answers(status, body, *headers):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


class Overload(unittest.TestCase):
    def test_it_is_measured_and_the_rest_is_refused(self):
        done = subprocess.run([sys.executable, HERE / "overload", "--build", BUILD, "--rounds", "1", "--seconds", "1",
                               "--times", "1,10"], capture_output=True, text=True, timeout=100, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = {r.split(" x ")[0]: [c.strip() for c in r.split("|")] for r in done.stdout.splitlines() if " x |" in r}
        self.assertEqual(set(rows), {"| 1", "| 10"}, done.stdout)
        self.assertEqual(rows["| 1"][6], "0", "nobody is refused where there is room")
        self.assertNotEqual(rows["| 10"][6], "0")

    def said_of(self, handler):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            outcome = crowd.ask(server.server_port, 1, {}, .05, 0, .2)
            server.shutdown()
        return outcome

    def test_what_is_neither_an_answer_nor_a_refusal_is_told(self):
        self.assertEqual(self.said_of(answers(200, b'{"done":true}\n')).wrong, [])
        self.assertIn("without its last record", self.said_of(answers(200, b'{"done":false}\n')).wrong[0])
        self.assertEqual(self.said_of(answers(500, b"")).wrong[0], "status 500")
        self.assertEqual(self.said_of(answers(503, b"")).wrong[0], "status 503", "it says not when to come back")
        self.assertEqual(self.said_of(answers(503, b"", ("Retry-After", "1"))).wrong, [])


if __name__ == "__main__":
    unittest.main()
