#!/usr/bin/env python3
"""`conductor chat` in a terminal, before a live node: chat_test.py CONDUCTOR SCRIPTED_OLLAMA NVML_STUB."""

import subprocess

from terminals import PROGRAM, World, cpu_seconds, main, set_script, stats, until

HOSTILE = ("\x1b[2J\x1b[31mred\x1b]52;c;SE9TVElMRQ==\x07\x1b]0;title\x07 zero\u200bwidth \u202eright-to-left "
           "שלום مرحبا \u0085\u009b5n \r\x08\x07 e" + "\u0301" * 30 + " ")


class Chat(World):
    parallel = "4"

    def open(self, *words, **how):
        return self.terminal("chat", *words, **how)

    def test_a_conversation_is_begun_with_a_model_and_streams(self):
        set_script(self.ollama, records=30, gap_ms=20, text="**word** ")
        t = self.open()
        t.sees("Model:", "canned:latest")
        t.keys("Enter")
        t.sees("(no title)", "Enter send")
        t.type("Hello you")
        t.keys("Enter")
        t.sees("Hello you", "word word", "answers")
        self.assertNotIn("**word**", t.shown())
        until("the whole answer", lambda: " 30 tokens" in t.shown())
        self.assertEqual(self.ask("GET", "/conductor/v1/sessions")["sessions"][0]["title"], "Hello you")

    def test_lines_are_written_with_alt_enter_and_pasted_whole(self):
        set_script(self.ollama, echo=True)
        session = self.session("Lines")
        t = self.open("Lines")
        t.sees("Lines")
        t.type("one")
        t.keys("M-Enter")
        t.type("two Grüße 東京")
        t.paste("\nthree\nfour")
        t.sees("> one", "  two Grüße 東京", "  three", "  four")
        t.keys("Enter")
        until("the message", lambda: [m["content"] for m in self.ask(
            "GET", f"/conductor/v1/sessions/{session}")["messages"]][:1] == ["one\ntwo Grüße 東京\nthree\nfour"])

    def test_an_answer_is_cancelled(self):
        set_script(self.ollama, records=100000, gap_ms=20)
        self.session("Long")
        t = self.open("Long")
        t.sees("Long")
        t.type("go")
        t.keys("Enter")
        t.sees("answers")
        before = stats(self.ollama)["cancels"]
        t.keys("C-c")
        t.sees("cancelled")
        until("the cancel at Ollama", lambda: stats(self.ollama)["cancels"] > before)

    def test_what_another_surface_says_is_seen_here(self):
        set_script(self.ollama, echo=True)
        self.session("Shared")
        t = self.open("Shared")
        t.sees("Shared")
        subprocess.run([PROGRAM, "run", "--session", "Shared", "from elsewhere", "--host", f"127.0.0.1:{self.port}"],
                       stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=30)
        t.sees("you", "from elsewhere")

    def test_it_goes_on_after_the_node_was_killed_and_came_back(self):
        set_script(self.ollama, echo=True)
        self.session("Lasting", "first", "answer one")
        t = self.open("Lasting")
        t.sees("answer one")
        self.node.end()
        t.sees("AWAY:")
        t.type("kept while away")
        t.keys("Enter")
        t.sees("> kept while away")
        self.start_node()
        t.misses("AWAY")
        t.keys("Enter")
        t.sees("you", "kept while away")
        until("both sides of it", lambda: t.shown().count("kept while away") == 2)

    def test_hostile_text_is_shown_and_not_obeyed(self):
        set_script(self.ollama, records=60, gap_ms=5, text=HOSTILE + "x" * 3000 + " `unclosed **[a](b", size=50)
        self.session("Bad\x1b]0;no\x07 title")
        t = self.open()
        t.sees("Bad", "title")
        t.type("go")
        t.keys("Enter")
        t.sees("xxxxxxxx")
        until("the end", lambda: " 60 tokens" in t.shown() or "answers" not in t.shown())
        for columns, rows in ((80, 24), (200, 60), (40, 10)):
            t.size(columns, rows)
            seen = t.sees("xxxx" if rows < 60 else "zerowidth", ">")
            self.assertEqual(len(seen.splitlines()), rows)
            for control in ("\x1b", "\x07", "\u202e", "\u200b", "\u0085", "\u009b"):
                self.assertNotIn(control, seen)
        self.assertNotIn("HOSTILE", t.tmux("show-buffer", check=False))
        self.assertNotIn("title", t.tmux("display-message", "-p", "#{pane_title}"))

    def test_a_message_and_its_code_are_copied(self):
        self.session("Copied", "code?", "Look:\n```py\nprint(1)\n```\ndone")
        t = self.open("Copied")
        t.sees("print(1)")
        t.read_on()
        t.type("Y")
        t.sees("copied")
        until("the clipboard", lambda: t.tmux("show-buffer", check=False) == "print(1)\n")
        t.type("y")
        until("the clipboard", lambda: t.tmux("show-buffer", check=False).startswith("Look:"))

    def test_the_list_renames_forks_and_deletes(self):
        self.session("Old", "q", "a")
        t = self.open()
        t.sees("Old")
        t.keys("Tab")
        t.type("r")
        t.sees("Title: Old")
        t.keys("C-u")
        t.type("New")
        t.keys("Enter")
        t.sees("New")
        t.type("f")
        until("two", lambda: len(self.ask("GET", "/conductor/v1/sessions")["sessions"]) == 2)
        t.sees("this is a copy")
        t.type("d")
        t.sees("Delete", "(y/n)")
        t.type("n")
        t.misses("(y/n)")
        t.type("dy")
        until("one", lambda: len(self.ask("GET", "/conductor/v1/sessions")["sessions"]) == 1)

    def test_an_answer_is_made_again(self):
        set_script(self.ollama, text="another ", records=3)
        self.session("Again", "say", "the first one")
        t = self.open("Again")
        t.sees("the first one")
        t.read_on()
        t.type("R")
        t.sees("another another")
        t.misses("the first one")

    def test_thinking_is_folded(self):
        set_script(self.ollama, thinking=5, records=5)
        session = self.session("Deep", model="thinker")
        self.ask("PATCH", f"/conductor/v1/sessions/{session}", {"think": True})
        t = self.open("Deep")
        t.sees("Deep")
        t.type("why")
        t.keys("Enter")
        folded = t.sees("▸ thought")
        t.read_on()
        t.type("t")
        t.sees("▾ thought")
        until("the thought", lambda: len(t.shown().split()) > len(folded.split()))

    def test_two_conversations_stream_side_by_side(self):
        set_script(self.ollama, records=400, gap_ms=20, text="beside ")
        self.session("Left")
        self.session("Right")
        t = self.open("Left", columns=140, rows=30)
        t.sees("Left", "Right")
        t.type("a")
        t.keys("Enter")
        t.sees("beside")
        t.keys("Tab")
        t.keys("Home")
        t.type("s")
        t.type("b")
        t.keys("Enter")
        until("both stream", lambda: t.shown().count("answers") == 2)

    def test_what_changed_unseen_is_marked(self):
        set_script(self.ollama, echo=True)
        self.session("Other")
        self.session("Open")
        t = self.open("Open")
        t.sees("Other")
        subprocess.run([PROGRAM, "run", "--session", "Other", "psst", "--host", f"127.0.0.1:{self.port}"],
                       stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=30)
        t.sees("● Other")
        t.keys("M-k")
        t.misses("● Other")

    def test_thousands_of_messages_are_searched_and_scrolled(self):
        said = [f"message number {i} of many" for i in range(5000)]
        said[40] = "the needle in it"
        self.session("Huge", *said)
        t = self.open("Huge")
        t.sees("number 4999")
        spent = cpu_seconds(t.pid())
        t.read_on()
        for _ in range(100):
            t.keys("PageUp")
        t.misses("number 4999")
        self.assertLess(cpu_seconds(t.pid()) - spent, 5)
        t.type("/needle")
        t.keys("Enter")
        t.sees("the needle in it")
        t.type("g")
        t.sees("number 0 of")
        t.type("G")
        t.sees("number 4999")

    def test_a_small_terminal_and_a_plain_view_do(self):
        self.session("Small", "question", "the **answer**")
        t = self.open("Small", columns=40, rows=10)
        t.sees("the answer", "F1 help")
        t.keys("Tab")
        t.sees("Small")
        t.keys("Tab")
        t.read_on()
        t.type("p")
        def plain():  # also where the screen is captured while it is drawn
            rows = t.shown().splitlines()
            return any(row.startswith("the answer") for row in rows) and not any(mark in row for row in rows for mark in "│▌")
        until("the answer without a border", plain)

    def test_it_rests_while_nothing_happens(self):
        self.session("Quiet", "q", "a")
        t = self.open("Quiet")
        t.sees("Quiet", "Enter send")
        spent = cpu_seconds(t.pid())
        seconds = 3
        with subprocess.Popen(["sleep", str(seconds)]) as pause:
            pause.wait()
        self.assertLess(cpu_seconds(t.pid()) - spent, 0.03 * seconds)

    def test_an_unknown_conversation_is_an_error_before_the_screen(self):
        result = subprocess.run([PROGRAM, "chat", "nowhere", "--host", f"127.0.0.1:{self.port}"],
                                capture_output=True, text=True, check=False, timeout=30)
        self.assertEqual(result.returncode, 1)
        self.assertIn("there is no session", result.stderr)


if __name__ == "__main__":
    main()
