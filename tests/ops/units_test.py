#!/usr/bin/env python3
"""The units as systemd reads them: units_test.py ROOT CONDUCTOR."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT, NODE = pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1)
UNITS = ("conductor.service", "conductor.socket", "conductor-admin.socket")

if shutil.which("systemd-analyze") is None:
    print("SKIPPED: systemd-analyze is not installed")
    sys.exit(77)


def analyze(*words):
    done = subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Units(unittest.TestCase):
    def setUp(self):
        """The units, with the program where it was built, for systemd looks whether it is there."""
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in UNITS:
            text = (ROOT / "ops" / "systemd" / name).read_text().replace("/usr/bin/conductor", NODE)
            (self.folder / name).write_text(text)

    def test_systemd_verifies_them(self):
        code, said = analyze("verify", "--man=no", *(str(self.folder / name) for name in UNITS))
        self.assertEqual((code, said), (0, ""))

    def test_a_planted_error_is_seen(self):
        file = self.folder / "conductor.service"
        file.write_text(file.read_text().replace("WatchdogSec=30s", "WatchdogSec=often"))
        _, said = analyze("verify", "--man=no", str(file))
        self.assertIn("Failed to parse sec value, ignoring: often", said)

    def test_the_sandbox_is_called_ok(self):
        code, said = analyze("security", "--offline=true", "--threshold=20", str(self.folder / "conductor.service"))
        level = re.search(r"Overall exposure level for conductor.service: ([\d.]+) (\w+)", said)
        print(level[0])
        self.assertEqual((code, level[2]), (0, "OK"), said)
        self.assertLess(float(level[1]), 2)

    def test_the_sockets_are_those_of_the_packaged_configuration(self):
        made = (pathlib.Path(NODE).parent / "package" / "conductor.toml").read_text()
        listen = re.search(r"^listen = \[(.*)\]$", made, re.M)[1].replace('"', "").replace("unix:", "").split(", ")
        admin = re.search(r'^admin_listen = "(.*)"$', made, re.M)[1]
        held = {name: re.findall(r"^ListenStream=(.*)$", (ROOT / "ops" / "systemd" / name).read_text(), re.M)
                for name in UNITS[1:]}
        self.assertEqual(held, {"conductor.socket": listen, "conductor-admin.socket": [admin]})


if __name__ == "__main__":
    unittest.main(verbosity=2)
