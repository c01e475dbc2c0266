#!/usr/bin/env python3
"""Completions and the manual against the program's own help: completion_test.py CONDUCTOR SCRIPTED_OLLAMA. Each shell
really completes; one that is not installed is said to be skipped."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guards"))
from processes import ask, conductor, scripted_ollama, until  # noqa: E402


def said(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60, **more).stdout


def help_of(path):
    """(commands, options) of a command as its help tells them."""
    text = said(NODE, *path, "--help")
    commands, options, part = [], [], ""
    for line in text.splitlines():
        if re.match(r"[\w\[]", line):
            part = line.rstrip(":")
        elif part == "Subcommands" and (match := re.match(r"  ([a-z]\w*)((?:, ?\w+)*)", line)):
            commands.append(match[1])
        elif match := re.match(r"  (-[\w-]+(?:,-[\w-]+)*)", line):
            options += match[1].split(",")
    return commands, options


def tree(path=()):
    """{words: (commands, options)} of the whole program."""
    found = {path: help_of(path)}
    for name in found[path][0]:
        found.update(tree((*path, name)))
    return found


class Words(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = tree()
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.bin = pathlib.Path(cls.folder.name, "conductor")
        cls.bin.symlink_to(NODE)
        cls.scripts = {}
        for shell in ("bash", "zsh", "fish"):
            cls.scripts[shell] = pathlib.Path(cls.folder.name, shell)
            cls.scripts[shell].write_text(said(NODE, "completion", shell))

    def environment(self, **more):
        return {"PATH": f"{self.folder.name}:{os.environ['PATH']}", "HOME": self.folder.name, **more}

    def test_the_help_names_what_it_should(self):
        """Else nothing below means anything."""
        self.assertGreater(len(self.tree), 30)
        self.assertIn("--listen", self.tree[("serve",)][1])
        self.assertIn("--limit", self.tree[("sessions", "ls")][1])
        self.assertIn("-v", self.tree[("show",)][1])
        self.assertIn("completion", self.tree[()][0])

    def test_the_manual_has_every_command_and_option(self):
        page = said(NODE, "man")
        plain = page.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
        for path, (_, options) in self.tree.items():
            if not path:
                continue
            part = re.search(rf"^\.SS conductor {re.escape(' '.join(path))}(?: [^\n]*)?\n(.*?)(?=^\.S[SH])", plain,
                             re.M | re.S)
            self.assertIsNotNone(part, path)
            for option in options:
                if option not in ("-h", "--help"):
                    self.assertRegex(part[1], rf"(?m)^(?:.*, )?{re.escape(option)}(?:[, ]|$)", (path, option))
        for what in ("SIGUSR2", "CONDUCTOR_HOST", "conductor.toml"):
            self.assertIn(what, plain)

    def test_the_manual_is_clean_roff(self):
        page = pathlib.Path(self.folder.name, "conductor.1")
        page.write_text(said(NODE, "man"))
        if shutil.which("mandoc"):
            lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(page)], capture_output=True, text=True)
            self.assertEqual([line for line in lint.stdout.splitlines() if "missing date" not in line], [])
        if shutil.which("man"):
            shown = subprocess.run(["man", "--warnings", "-l", str(page)], capture_output=True, text=True,
                                   env={**self.environment(), "MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
            self.assertEqual((shown.returncode, shown.stderr), (0, ""))
            self.assertIn("conductor sessions backup FILE", re.sub(".\b", "", shown.stdout))

    def bash(self, *words, **more):
        """What bash offers for the last word."""
        quoted = " ".join(f"'{w}'" for w in words)
        script = (f"source '{self.scripts['bash']}'\nCOMP_WORDS=(conductor {quoted})\nCOMP_CWORD={len(words)}\n"
                  "_conductor\nprintf '%s\\n' \"${COMPREPLY[@]}\"")
        return said("bash", "--norc", "-c", script, env=self.environment(**more), cwd=self.folder.name).split()

    def test_bash_completes_every_command_and_option(self):
        for path, (commands, options) in self.tree.items():
            with self.subTest(path=path):
                self.assertLessEqual(set(options), set(self.bash(*path, "-")))
                if commands:
                    self.assertLessEqual(set(commands), set(self.bash(*path, "")))

    def test_bash_knows_where_it_is(self):
        self.assertEqual(self.bash("sess"), ["sessions"])
        self.assertEqual(self.bash("sessions", "exp"), ["export"])
        self.assertEqual(self.bash("sessions", "list", "--lim"), ["--limit"], "by an alias")
        self.assertEqual(self.bash("sessions", "--host"), [], "no option of another command")
        self.assertEqual(self.bash("sessions", "ls", "--model", "rename", "--lim"), ["--limit"],
                         "a value is taken for no command")
        pathlib.Path(self.folder.name, "my.toml").write_text("")
        self.assertEqual(self.bash("serve", "--config", "my"), ["my.toml"])

    def test_bash_offers_the_models_that_there_are(self):
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as node:
            until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
            here = {"CONDUCTOR_HOST": f"127.0.0.1:{node.port}"}
            self.assertEqual(self.bash("run", "cann", **here), ["canned:latest"])

    def test_fish_completes_every_command_and_option(self):
        fish = shutil.which("fish") or self.skipTest("SKIPPED: fish is not installed")
        script, asked = [f"source '{self.scripts['fish']}'"], []
        for path in self.tree:
            for last in ("", "-"):
                asked.append((path, last))
                script.append(f"echo '== {len(asked)}'; complete -C 'conductor {' '.join(path)}{' ' * bool(path)}{last}'")
        text = said(fish, "--no-config", "-c", "\n".join(script), env=self.environment())
        for number, (path, last) in enumerate(asked, 1):
            part = text.split(f"== {number}\n")[1].split("== ")[0]
            offered = {line.split("\t")[0] for line in part.splitlines()}
            commands, options = self.tree[path]
            with self.subTest(path=path, last=last):
                self.assertLessEqual(set(options if last else commands), offered)

    def test_zsh_completes_every_command_and_option(self):
        zsh = shutil.which("zsh") or self.skipTest("SKIPPED: zsh is not installed")
        shutil.copy(self.scripts["zsh"], pathlib.Path(self.folder.name, "_conductor"))
        said(zsh, "-n", str(self.scripts["zsh"]))
        # A shell at a terminal of its own, which writes down what it would offer.
        capture = pathlib.Path(self.folder.name, "capture.zsh")
        capture.write_text(r'''
fpath=(%(folder)s $fpath)
autoload -Uz compinit && compinit -D -u
compadd() {
  [[ ${@[(I)-a]} -gt 0 ]] && print -rl -- ${(P)@[-1]} >> %(folder)s/offers
  builtin compadd "$@"
}
zle -C list complete-word complete_now
complete_now() { : > %(folder)s/offers; _main_complete; print DONE >> %(folder)s/offers; }
''' % {"folder": self.folder.name})
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder.name)
            os.execve(zsh, [zsh, "-f", "-i"], self.environment(TERM="dumb", PS1="> "))
        try:
            os.write(terminal, f"source {capture}; bindkey '^T' list; print LOADED | tr A-Z a-z\n".encode())
            self.read_until(terminal, b"loaded")
            offers = pathlib.Path(self.folder.name, "offers")
            for path, (commands, options) in self.tree.items():
                for last in ("", "-"):
                    wanted = set(options if last else commands)
                    if not wanted:
                        continue
                    offers.write_text("")
                    os.write(terminal, ("\x15" + " ".join(["conductor", *path, last]) + "\x14").encode())
                    until(f"zsh's offers for {path}", lambda: "DONE" in offers.read_text() or self.drain(terminal))
                    got = set(offers.read_text().splitlines())
                    with self.subTest(path=path, last=last):
                        self.assertLessEqual(wanted, got)
                    self.drain(terminal)
        finally:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            os.close(terminal)

    @staticmethod
    def drain(terminal):
        while select.select([terminal], [], [], 0)[0]:
            os.read(terminal, 65536)
        return False

    @staticmethod
    def read_until(terminal, word):
        seen = b""
        while word not in seen:
            seen += os.read(terminal, 65536)
        return seen

    def test_a_shell_that_is_not_known_is_refused(self):
        wrong = subprocess.run([NODE, "completion", "tcsh"], capture_output=True, text=True)
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("bash", wrong.stderr)


OLLAMA, NODE = sys.argv.pop(2), sys.argv.pop(1)
if __name__ == "__main__":
    unittest.main(verbosity=2)
