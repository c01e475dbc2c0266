#!/usr/bin/env python3
"""The negative control: each fault is planted in a copy of the sources, which is built, and the suite must catch it.
    planted_test.py BUILD     minutes each; BUILD is the preset whose tests catch them
    planted_test.py           whether each has its place still
A fault whose place is gone, or a copy that does not build, is a failure as well."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from faults import FAULTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None


# A fault may eat all that there is.
BOUNDS = ["prlimit", f"--as={6 << 30}", "--"]


def done(*command, where, patience=1800):
    return subprocess.run([*BOUNDS, *(str(c) for c in command)], cwd=where, capture_output=True, text=True, timeout=patience, check=False,
                          env={**os.environ, "CCACHE_BASEDIR": str(where), "CCACHE_NOHASHDIR": "1"})


class Places(unittest.TestCase):
    def test_each_fault_has_one(self):
        for fault in FAULTS:
            with self.subTest(fault.name):
                self.assertEqual((ROOT / fault.file).read_text().count(fault.text), 1,
                                 f"{fault.file} has changed: say where the fault is planted now")


@unittest.skipUnless(BUILD, "no build is named")
class Planted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="conductor-planted-")
        cls.copy = pathlib.Path(cls.folder.name) / "sources"
        shutil.copytree(ROOT, cls.copy, ignore=shutil.ignore_patterns("build", ".git", "node_modules"))
        # The guards ask git which sources there are.
        for step in (("init", "-q"), ("add", "-A")):
            assert done("git", *step, where=cls.copy).returncode == 0
        cls.build = cls.copy / "build" / BUILD.name
        made = done("cmake", "--preset", BUILD.name, where=cls.copy)
        assert made.returncode == 0, made.stdout + made.stderr
        for target in sorted({f.target for f in FAULTS if f.target}):
            made = done("cmake", "--build", cls.build, "--target", *target.split(), where=cls.copy)
            assert made.returncode == 0, made.stdout[-3000:]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def failing(self, fault):
        """Names of the tests that failed, or None where none was run."""
        ran = done("ctest", "--test-dir", self.build, "-R", fault.tests, "--no-tests=error", "--timeout", "60", "-j", "2", where=self.copy)
        if "No tests were found" in ran.stdout + ran.stderr:
            return None
        return re.findall(r"^\s+\d+ - (\S+) \(", ran.stdout, re.M)

    def test_each_is_caught(self):
        for fault in FAULTS:
            with self.subTest(fault.name):
                source = self.copy / fault.file
                good = source.read_text()
                self.assertEqual(self.failing(fault), [], "the tests are not well without the fault")
                source.write_text(good.replace(fault.text, fault.instead))
                try:
                    if fault.target:
                        made = done("cmake", "--build", self.build, "--target", *fault.target.split(), where=self.copy)
                        self.assertEqual(made.returncode, 0, made.stdout[-3000:])
                    failed = self.failing(fault)
                    self.assertIsNotNone(failed, f"no test is called {fault.tests}")
                    self.assertTrue(failed, "nobody noticed")
                    print(f"{fault.name}: caught by {', '.join(failed[:5])}{' …' if len(failed) > 5 else ''}", flush=True)
                finally:
                    source.write_text(good)
                    if fault.target:
                        done("cmake", "--build", self.build, "--target", *fault.target.split(), where=self.copy)


if __name__ == "__main__":
    unittest.main(verbosity=2)
