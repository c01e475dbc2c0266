#!/usr/bin/env python3
"""`ask` in the shells themselves. shell_test.py CONDUCTOR SCRIPTED_OLLAMA"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "guards")]
from processes import ask, conductor, scripted_ollama, set_script, until  # noqa: E402
from terminal import Terminal  # noqa: E402

# A shell without start-up files of anybody's, how it reads ours, and its pipe of both streams.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(conductor shell bash)"', "|&", "PS1='$ '"),
    "zsh": (["zsh", "-f", "-i"], 'eval "$(conductor shell zsh)"', "|&", "PS1='$ '"),
    "fish": (["fish", "--no-config", "-i"], "conductor shell fish | source", "&|",
             "function fish_prompt; echo '$ '; end"),
}


class Ask(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ollama = scripted_ollama(OLLAMA)
        cls.addClassCleanup(cls.ollama.end)
        cls.node = conductor(PROGRAM, cls.ollama.port)
        cls.addClassCleanup(cls.node.end)
        until("readiness", lambda: ask(cls.node.port, "GET", "/readyz")[0] == 200)
        set_script(cls.ollama, echo=True)
        cls.home = tempfile.TemporaryDirectory(prefix="conductor-shell-")
        cls.addClassCleanup(cls.home.cleanup)
        os.symlink(PROGRAM, pathlib.Path(cls.home.name, "conductor"))

    def environment(self, **more):
        return {"PATH": f"{self.home.name}:{os.environ['PATH']}", "HOME": self.home.name, "LANG": "C.UTF-8",
                "TERM": "xterm-256color", "CONDUCTOR_HOST": f"127.0.0.1:{self.node.port}",
                "CONDUCTOR_MODEL": "canned", "TMPDIR": self.home.name, **more}

    def shell(self, name, command=None, **more):
        words, read, _, prompt = SHELLS[name]
        terminal = Terminal(command or words, self.environment(**more), 160, 50, cwd=self.home.name)
        self.addCleanup(terminal.__exit__)
        terminal.until("a shell", lambda: terminal.text().strip() != "")
        terminal.types(f"{prompt}\r{read}; echo re''ady\r")
        terminal.until("ready", lambda: "\nready" in terminal.text())
        return terminal

    def test_what_is_piped_into_it_goes_before_the_question(self):
        for name, (_, _, pipe, _) in SHELLS.items():
            with self.subTest(name):
                terminal = self.shell(name)
                terminal.types(f"sh -c 'echo out; echo err >&2; exit 3' {pipe} ask why did it fail\r")
                terminal.sees("out\nerr\n why did it fail")

    def test_without_a_pipe_it_tells_the_last_command_and_its_status(self):
        for name in SHELLS:
            with self.subTest(name):
                terminal = self.shell(name)
                terminal.types("sh -c 'exit 42'\r")
                terminal.types("ask why did it fail\r")
                terminal.sees("The shell command `sh -c 'exit 42'` ended with status 42.")
                terminal.sees("What it printed is not known.\n why did it fail")
                terminal.sees("ask: the output is not known outside tmux")

    def test_in_tmux_it_tells_the_screen(self):
        for name in SHELLS:
            with self.subTest(name):
                socket = f"conductor-{name}-{os.getpid()}"
                self.addCleanup(subprocess.run, ["tmux", "-L", socket, "kill-server"], env=self.environment(),
                                capture_output=True, check=False)
                terminal = self.shell(name, ["tmux", "-L", socket, "-f", "/dev/null", "new-session",
                                             " ".join(SHELLS[name][0])], SHELL="/bin/sh")
                terminal.types("expr 6 '*' 7 ; sh -c 'exit 42'\r")
                terminal.until("its output", lambda: "\n42\n" in terminal.text())
                terminal.types("ask why\r")
                terminal.until("the screen twice", lambda: terminal.text().count("\n42\n") == 2)
                terminal.sees("ended with status 42.")

    def test_it_says_that_it_needs_a_model(self):
        for name in SHELLS:
            with self.subTest(name):
                terminal = self.shell(name, CONDUCTOR_MODEL="")
                terminal.types("ask why\r")
                terminal.sees("\nask: set CONDUCTOR_MODEL to the model to ask")


if __name__ == "__main__":
    PROGRAM, OLLAMA = sys.argv[1:3]
    SHELLS = {name: how for name, how in SHELLS.items() if shutil.which(name)}
    if not SHELLS:
        sys.exit("there is no shell")
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
