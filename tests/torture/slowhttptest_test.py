#!/usr/bin/env python3
"""slowhttptest's four attacks, each with 1,000 connections for half a minute; others are served meanwhile:
slowhttptest_test.py CONDUCTOR SCRIPTED_OLLAMA."""

import shutil
import subprocess
import sys
import time
import unittest

from peer import NODE, OLLAMA, ask, conductor, scripted_ollama, until

ATTACKS = {"slow heads": ["-H"], "slow bodies": ["-B"], "slow reading": ["-X", "-k", "3", "-n", "10", "-w", "10", "-y", "20", "-z", "32"],
           "range": ["-R"]}


class SlowHttpTest(unittest.TestCase):
    def test_others_are_served_during_each_attack(self):
        program = shutil.which("slowhttptest")
        self.assertTrue(program, "slowhttptest is not installed (ops/install test installs it)")
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as node:
            until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
            for name, flags in ATTACKS.items():
                with self.subTest(name):
                    url = f"http://127.0.0.1:{node.port}/api/version"
                    attack = subprocess.Popen([program, *flags, "-c", "1000", "-r", "200", "-l", "30", "-u", url],
                                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    asked = 0
                    while attack.poll() is None:
                        status, _ = ask(node.port, "POST", "/api/generate",
                                        {"model": "canned", "prompt": "x", "stream": False})
                        self.assertEqual(status, 200)
                        asked += 1
                        time.sleep(.1)
                    self.assertGreater(asked, 50)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
