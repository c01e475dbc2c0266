#!/usr/bin/env python3
"""The stock `ollama` of this machine signs its requests (OLLAMA_AUTH=1) to a node where everybody needs a key:
ollama_cli_test.py CONDUCTOR SCRIPTED_OLLAMA. Skipped where there is no `ollama` or no `ssh-keygen`;
CONDUCTOR_REAL_OLLAMA names another program, CONDUCTOR_REAL_BACKEND=PORT:MODEL a real server to put behind it."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guards"))
from processes import conductor, scripted_ollama  # noqa: E402

NODE, SCRIPTED = sys.argv[1:3]
CLI = os.environ.get("CONDUCTOR_REAL_OLLAMA") or shutil.which("ollama")
PATIENCE = 300


class Signed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="conductor-cli-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.at = pathlib.Path(cls.folder.name)
        cls.socket = f"unix:{cls.at}/s"
        if real := os.environ.get("CONDUCTOR_REAL_BACKEND"):
            port, cls.model = real.split(":", 1)
        else:
            ollama = scripted_ollama(SCRIPTED)
            cls.addClassCleanup(ollama.end)
            port, cls.model = ollama.port, "canned"
        cls.node = conductor(NODE, port, "--data-dir", f"{cls.at}/data", "--listen", cls.socket,
                             more={"CONDUCTOR_ACCESS_REQUIRE": "always"})
        cls.addClassCleanup(cls.node.end)

    def person(self, name):
        """The home of somebody with a key pair as `ollama` wants it."""
        home = self.at / name
        (home / ".ollama").mkdir(parents=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / ".ollama" / "id_ed25519"], check=True)
        return home

    def keys(self, *words):
        done = subprocess.run([NODE, "keys", *words, "--host", self.socket], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def enrolled(self, name, *wishes):
        home = self.person(name)
        self.keys("create", name, "--public-key", f"{home}/.ollama/id_ed25519.pub", *wishes)
        return home

    def ollama(self, home, *words):
        done = subprocess.run([CLI, *words], capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                              check=False, env={"PATH": os.environ["PATH"], "HOME": str(home), "OLLAMA_AUTH": "1",
                                                "OLLAMA_HOST": f"127.0.0.1:{self.node.port}"})
        return done.returncode, done.stdout + done.stderr

    def test_an_enrolled_key_lists_shows_and_runs(self):
        home = self.enrolled("one")
        for words in (["list"], ["ps"], ["show", self.model]):
            code, said = self.ollama(home, *words)
            self.assertEqual(code, 0, said)
        self.assertIn(self.model, self.ollama(home, "list")[1])
        code, said = self.ollama(home, "run", self.model, "hi")
        self.assertEqual(code, 0, said)
        self.assertTrue(said.strip())
        self.assertGreater(json.loads(self.keys("show", "one", "--json"))["used"]["requests"], 0)

    def test_what_it_may_not_is_said_in_words(self):
        home = self.enrolled("little")
        code, said = self.ollama(home, "rm", self.model)
        self.assertNotEqual(code, 0)
        self.assertIn("scope", said)
        self.assertIn('"models"', said)

    def test_a_stranger_is_told_why(self):
        code, said = self.ollama(self.person("stranger"), "list")
        self.assertNotEqual(code, 0)
        self.assertIn("not enrolled", said)

    def test_a_key_that_was_revoked_is_told_why(self):
        home = self.enrolled("gone")
        self.assertEqual(self.ollama(home, "list")[0], 0)
        self.keys("revoke", "gone")
        code, said = self.ollama(home, "list")
        self.assertNotEqual(code, 0)
        self.assertIn("not enrolled", said)

    def test_a_key_that_is_held_to_a_model_lists_no_other(self):
        home = self.enrolled("held", "--model", "another-model")
        code, said = self.ollama(home, "list")
        self.assertEqual(code, 0, said)
        self.assertNotIn(self.model, said)
        self.keys("set", "held", "--model", self.model)
        self.assertIn(self.model, self.ollama(home, "list")[1])


if __name__ == "__main__":
    if not CLI or not shutil.which("ssh-keygen"):
        print("no ollama or no ssh-keygen here")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
