"""The recipes of ops/recipes do what they say: every block is run as it is written, against a node before a
scripted Ollama; with REAL_OLLAMA=1 before a real one, which must have the model smollm2. Only ports are replaced."""

import os
import pathlib
import re
import shutil
import sys
import tempfile
import time
import types
import unittest
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "guards"), str(HERE)]
from gate import Gate  # noqa: E402
from page import Block, Shell, blocks  # noqa: E402
from processes import Program, ask, free_port, set_script, until  # noqa: E402

PAGES = pathlib.Path(os.environ.get("RECIPES", HERE.parents[2] / "ops" / "recipes"))
NODE, OLLAMA = os.environ["CONDUCTOR"], urllib.parse.urlsplit(os.environ["OLLAMA_URL"]).port
REAL = os.environ.get("REAL_OLLAMA")
NODE_MODULES = os.environ.get("NODE_MODULES")
TEXT = "Firstwords and what is between them and the lastwords. "
LONGEST_PAGE = 60
PATIENCE = 120.0 if REAL else 30.0
# As many times as long for what needs a program of its own: Open WebUI takes minutes to start.
LARGE = 8


class World(Program):
    """A node before Ollama, with a gate between."""

    def __init__(self):
        if not REAL:
            ask(OLLAMA, "POST", "/api/copy", {"source": "canned", "destination": "smollm2"})
            set_script(types.SimpleNamespace(port=OLLAMA), text=TEXT, records=len(TEXT.split()))
        self.gate = Gate(OLLAMA)
        port = free_port()
        super().__init__([NODE, "serve", "--listen", f"127.0.0.1:{port}", "--backend",
                          f"http://127.0.0.1:{self.gate.port}"], port)
        self.ready()
        until("readiness", lambda: ask(port, "GET", "/readyz")[0] == 200)

    def end(self):
        self.gate.close()
        super().end()


def run(shell, block, number, gate):
    """Runs a block; returns how many answers it showed while they were still held, or says what went wrong."""
    program = shell.start(block, number)
    shown, seen = 0, 0
    deadline = time.monotonic() + PATIENCE * (LARGE if block.needs else 1)

    def said():
        return program.said.read_text(errors="replace")

    def fail(what):
        complaint = program.complained.read_text(errors="replace")
        raise AssertionError(f"line {block.line}: {what}\n--- it said\n{said()}\n--- and complained\n{complaint}")

    while program.poll() is None:
        for words in gate.held()[:1]:
            found = said().find(words, seen)
            if found >= 0:
                shown, seen = shown + 1, found + len(words)
                gate.open()
        if time.monotonic() > deadline:
            fail(f"it shows nothing of '{gate.held()[0]}' before the answer's end" if gate.held() else
                 "it does not end")
        time.sleep(0.01)
    if program.returncode:
        fail(f"it ends with {program.returncode}")
    if shown and not REAL and "lastwords" not in said()[seen:]:
        fail("it ends before the answer's last words")
    shell.take_over(program)
    return shown


class Recipes(unittest.TestCase):
    def recipe(self, text, place):
        """Runs a page: (answers that streamed, why blocks were left out)."""
        ports = {"11435": str(self.world.port), "9090": str(free_port()), "8080": str(free_port())}
        text = re.sub(r"\b(11435|9090|8080)\b", lambda port: ports[port[0]], text)
        streamed, left_out = 0, []
        with Shell(place, sys.executable, NODE_MODULES, [pathlib.Path(sys.executable).parent]) as shell:
            for number, block in enumerate(blocks(text)):
                if block.needs and not shell.has(block.needs):
                    left_out.append(f"line {block.line} needs {block.needs}, which is not here")
                    continue
                streamed += run(shell, block, number, self.world.gate)
        return streamed, left_out

    def page(self, path):
        text = path.read_text()
        self.assertTrue(blocks(text), f"{path.name} has nothing to run")
        self.assertLessEqual(text.count("\n"), LONGEST_PAGE, f"{path.name} is longer than a screen")
        with tempfile.TemporaryDirectory(prefix="conductor-recipe-") as place, World() as self.world:
            streamed, left_out = self.recipe(text, place)
        if left_out:
            self.skipTest("; ".join(left_out))
        self.assertGreater(streamed, 0, f"nothing that {path.name} runs shows an answer as it comes")

    def test_a_page_that_does_not_do_what_it_says_is_found_out(self):
        waits = "import ollama\nparts = ollama.generate('smollm2', 'Hello.', stream=True)\n" \
                "print(''.join(p.response for p in parts))\n"
        host = "```sh\nexport OLLAMA_HOST=127.0.0.1:11435\n```\n"
        global PATIENCE
        patient, PATIENCE = PATIENCE, 3.0
        try:
            for text, what in ((host + f"```python\n{waits}```\n", "before the answer's end"),
                               ("```sh\nfalse\n```\n", "ends with 1"),
                               ("```console\n$ true \\\n    && false\nfine\n```\n", "ends with 1"),
                               ("```js\nprocess.exit(3)\n```\n", "ends with 3")):
                with self.subTest(what), tempfile.TemporaryDirectory() as place, World() as self.world, \
                        self.assertRaisesRegex(AssertionError, what):
                    self.recipe(text, place)
        finally:
            PATIENCE = patient

    def test_blocks_are_what_a_page_says_to_run(self):
        text = "a\n<!-- needs: ollama -->\n```sh\nls\n```\nb\n```\nout\n```\n```console\n$ a \\\n  b\nout\n$ c\n```\n"
        self.assertEqual(blocks(text), [Block("sh", "ls\n", "ollama", 3), Block("console", "a \\\n  b\nc\n", None, 10)])

    def test_the_index_names_every_page(self):
        named = set(re.findall(r"\]\(([\w-]+\.md)\)", (PAGES / "README.md").read_text()))
        self.assertEqual(named, {p.name for p in PAGES.glob("*.md")} - {"README.md"})


def add(path):
    name = f"test_{path.stem.replace('-', '_')}_streams_through_the_node_as_its_recipe_says"
    setattr(Recipes, name, lambda self: self.page(path))


for each in sorted(PAGES.glob("*.md")):
    if each.name != "README.md":
        add(each)

if __name__ == "__main__":
    if not shutil.which("node"):
        sys.exit("node is not here")
    unittest.main()
