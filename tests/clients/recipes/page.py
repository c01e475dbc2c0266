"""A recipe as its reader would run it: the fenced blocks of a Markdown page, from top to bottom, in one shell."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import typing

SHELLS = ("sh", "console")
_FENCE = re.compile(r"(?:^<!-- needs: (?P<needs>[\w -]+) -->\n)?^```(?P<language>sh|console|python|js)\n"
                    r"(?P<text>.*?)^```$", re.M | re.S)
_COMMAND = re.compile(r"^\$ ((?:[^\n]*\\\n)*[^\n]*)", re.M)


class Block(typing.NamedTuple):
    """`needs` is the program that it is not run without; `line` where its page has it."""
    language: str
    text: str
    needs: str | None
    line: int


def blocks(text):
    """What a page has to run; of a `console`, the commands behind `$ `."""
    found = []
    for m in _FENCE.finditer(text):
        body = m["text"] if m["language"] != "console" else "\n".join(_COMMAND.findall(m["text"])) + "\n"
        found.append(Block(m["language"], body, m["needs"], text.count("\n", 0, m.start("language")) + 1))
    return found


class Shell:
    """Runs blocks: what one exports the next ones have, and what one leaves running ends with the `with`."""

    def __init__(self, place, python, node_modules, path=()):
        self.place, self.python, self.started = pathlib.Path(place), python, []
        if node_modules:
            (self.place / "node_modules").symlink_to(node_modules)
        paths = [*map(str, path), os.environ["PATH"]]
        self.environment = {"PATH": os.pathsep.join(paths), "HOME": str(place), "LANG": "C.UTF-8", "NO_PROXY": "*"}

    def has(self, program):
        return shutil.which(program, path=self.environment["PATH"]) is not None

    def start(self, block, number):
        """The running program, with the files of what it says as `said` and `complained`."""
        suffix = {"python": ".py", "js": ".mjs"}.get(block.language, ".sh")
        written = self.place / f"block{number}{suffix}"
        written.write_text(block.text)
        command = {"python": [self.python, "-B", str(written)], "js": ["node", str(written)]}.get(
            block.language, ["sh", "-ec", f'. "{written}"; env -0 >"{written}.env"'])
        said, complained = self.place / f"said{number}", self.place / f"complained{number}"
        # Files, for a pipe would stay open in what runs on.
        with open(said, "wb") as out, open(complained, "wb") as err:
            program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self.place,
                                       env=self.environment, start_new_session=True)
        program.said, program.complained = said, complained
        program.exports = self.place / f"{written.name}.env" if block.language in SHELLS else None
        self.started.append(program)
        return program

    def take_over(self, program):
        """What a shell that has ended exported."""
        if program.exports is not None and program.exports.exists():
            pairs = program.exports.read_bytes().decode().split("\0")
            self.environment = dict(p.split("=", 1) for p in pairs if "=" in p)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in self.started:
            try:
                os.killpg(program.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            program.wait()
