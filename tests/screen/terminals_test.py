#!/usr/bin/env python3
"""The same programs at terminals of every kind: terminals_test.py CONDUCTOR SCRIPTED_OLLAMA NVML_STUB."""

import os
import re
import signal
import subprocess

from terminals import PROGRAM, Raw, World, main, until

ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78M]|\][^\x07]*\x07)")


class Terminals(World):
    def raw(self, *words, **how):
        t = Raw([PROGRAM, *words, "--host", f"127.0.0.1:{self.port}"], **how)
        self.addCleanup(t.end)
        return t

    def test_one_that_cannot_move_its_cursor_is_refused(self):
        for command, instead in (("top", b"--once"), ("chat", b"conductor run")):
            for kind in ("dumb", "", "no-such-terminal"):
                t = self.raw(command, TERM=kind)
                t.sees(b"Error:", instead)
                self.assertEqual(t.status(), 2)
                self.assertNotIn(b"\x1b", t.bytes)

    def test_none_is_refused_by_chat(self):
        result = subprocess.run([PROGRAM, "chat", "--host", f"127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, check=False, timeout=30)
        self.assertEqual(result.returncode, 2)
        self.assertIn("terminal", result.stderr)

    def test_ascii_is_all_that_the_c_locale_gets(self):
        self.session("Grüße 東京", "q", "naïve **answer** 🚀")
        for words in (["top"], ["chat"]):
            t = self.raw(*words, LC_ALL="C")
            t.sees(b"Gr")
            t.type(b"\x04" if words == ["chat"] else b"q")
            self.assertEqual(t.status(), 0)
            self.assertFalse([b for b in t.bytes if b >= 0x80], t.bytes)

    def test_latin_1_gets_its_own_letters(self):
        made = subprocess.run(["localedef", "-c", "-i", "en_US", "-f", "ISO-8859-1", self.place / "en_US.ISO-8859-1"],
                              capture_output=True, text=True, check=False)
        if not (self.place / "en_US.ISO-8859-1").exists():
            self.skipTest(f"this machine has no sources of locales: {made.stderr}")
        self.session("Grüße 東京", "q", "a")
        t = self.raw("chat", LC_ALL="en_US.ISO-8859-1", LOCPATH=str(self.place))
        t.sees(b"Gr\xfc\xdfe")
        t.type(b"Gr\xfc\xdfe\r")
        self.node_has(["Grüße"])
        t.type(b"\x04")
        self.assertEqual(t.status(), 0)
        self.assertNotIn("ü".encode(), t.bytes)
        self.assertNotIn("東".encode(), t.bytes)

    def node_has(self, texts):
        session = self.ask("GET", "/conductor/v1/sessions")["sessions"][0]["id"]

        def there():
            said = [m["content"] for m in self.ask("GET", f"/conductor/v1/sessions/{session}")["messages"]]
            return all(t in said for t in texts)
        until(f"{texts} at the node", there)

    def test_no_color_is_obeyed(self):
        colour = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|4[0-7]|9[0-7]|38|48)[;m]")
        self.session("Plain", "q", "`a`")
        for more, expected in (({}, True), ({"NO_COLOR": "1"}, False)):
            t = self.raw("top", **more)
            t.sees(b"BACKENDS")
            t.type(b"q")
            self.assertEqual(t.status(), 0)
            self.assertEqual(bool(colour.search(t.bytes)), expected)

    def test_the_terminal_is_left_as_it_was(self):
        for end in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            t = self.raw("chat")
            t.sees(b"\x1b[?1049h", b"Model:")
            os.kill(t.pid, end)
            self.assertEqual(t.status(), 0)
            self.assertIn(b"\x1b[?1049l", t.bytes)
            self.assertGreater(t.bytes.rindex(b"\x1b[?2004l"), t.bytes.rindex(b"\x1b[?2004h"))

    def test_no_control_of_an_answer_reaches_the_terminal(self):
        self.session("Bad", "q", "\x1b[31mred\x1b]52;c;QUFB\x07 \x9b5n\u202e\x08\x00 end")
        t = self.raw("chat", "Bad")
        t.sees(b"end")
        t.type(b"\x04")
        self.assertEqual(t.status(), 0)
        self.assertNotIn(b"\x1b]52", t.bytes)
        self.assertNotIn("\u202e".encode(), t.bytes)
        self.assertNotIn("\u009b".encode(), t.bytes)
        rest = ESCAPES.sub(b"", t.bytes)
        self.assertIn(b"[31mred", rest)
        self.assertFalse([b for b in rest if b < 32 and b not in b"\r\n\x08\x0f"], rest)

    def test_only_what_changed_is_sent(self):
        """A letter that is typed costs a handful of bytes, and no frame."""
        self.session("Quiet", "q", "a long answer " * 50)
        t = self.raw("chat", "Quiet")
        t.sees(b"long answer", b"Enter send")
        before = len(t.bytes)
        t.type(b"Z")
        t.sees(b"Z")
        self.assertLess(len(t.bytes) - before, 200)

    def test_a_size_of_one_cell_is_borne(self):
        t = self.raw("top")
        t.sees(b"BACKENDS")
        for columns, rows in ((1, 1), (2, 1), (1, 30), (500, 2), (80, 24)):
            t.size(columns, rows)
        t.type(b"?")
        t.sees(b"Keys")
        t.type(b"q")
        self.assertEqual(t.status(), 0)


if __name__ == "__main__":
    main()
