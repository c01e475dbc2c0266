#!/usr/bin/env python3
"""The interactive prompt as a person uses it: keys into a real terminal, and what its screen shows.
prompt_test.py CONDUCTOR SCRIPTED_OLLAMA"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "guards")]
from processes import (ask, conductor, cpu_seconds, free_port, scripted_ollama, set_script, stats,  # noqa: E402
                       until)
from terminal import Terminal  # noqa: E402

HINT = ">>> Send a message (/? for help)"


class Prompt(unittest.TestCase):
    """A node in front of a scripted Ollama, and a home for each test."""

    def setUp(self):
        self.ollama = self.enterContext_(scripted_ollama(OLLAMA))
        self.node = self.enterContext_(conductor(PROGRAM, self.ollama.port))
        self.home = self.enterContext_(tempfile.TemporaryDirectory(prefix="conductor-prompt-"))
        self.serves()
        set_script(self.ollama, echo=True)

    def enterContext_(self, context):
        entered = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return entered

    def serves(self):
        until("readiness", lambda: ask(self.node.port, "GET", "/readyz")[0] == 200)

    def environment(self, **more):
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": self.home, "TERM": "xterm-256color", "TMPDIR": self.home,
                "CONDUCTOR_HOST": f"127.0.0.1:{self.node.port}", **more}

    def prompt(self, *words, columns=80, rows=50, ready=True, **more):
        terminal = self.enterContext_(Terminal([PROGRAM, "run", *(words or ("canned",))], self.environment(**more),
                                               columns, rows, cwd=self.home))
        if ready:
            self.at_prompt(terminal)
        return terminal

    @staticmethod
    def at_prompt(terminal):
        terminal.until("an empty prompt", lambda: terminal.line() in (HINT, ">>>"))

    def enters(self, terminal, *lines):
        """Enters each line once the prompt is there, and returns what the last one showed."""
        for line in lines:
            self.at_prompt(terminal)
            before = terminal.text().count(">>>")
            terminal.types(line + "\r")
            terminal.until(f"the end of {line}", lambda: terminal.text().count(">>>") > before
                           and terminal.line() in (HINT, ">>>"))
        return terminal.text().rsplit(">>> " + lines[-1] + "\n", 1)[1].rsplit(">>>", 1)[0].strip("\n")

    def leaves(self, terminal):
        self.at_prompt(terminal)
        terminal.types("\x04")
        self.assertEqual(terminal.ended(), 0, terminal.text())

    def sessions(self):
        return json.loads(ask(self.node.port, "GET", "/conductor/v1/sessions")[1])["sessions"]

    def session(self):
        (one,) = self.sessions()
        return json.loads(ask(self.node.port, "GET", f"/conductor/v1/sessions/{one['id']}")[1])

    def said_in(self, one):
        whole = json.loads(ask(self.node.port, "GET", f"/conductor/v1/sessions/{one['id']}")[1])
        return [message["content"] for message in whole["messages"]]

    def said(self):
        return [message["content"] for message in self.session()["messages"]]


class Talking(Prompt):
    def test_an_answer_is_shown_and_the_node_keeps_it(self):
        terminal = self.prompt()
        self.assertEqual(self.enters(terminal, "Grüße an 東京 🚀"), "Grüße an 東京 🚀")
        self.leaves(terminal)
        self.assertEqual(self.said(), ["Grüße an 東京 🚀"] * 2)
        self.assertIn("conductor run --session " + self.session()["id"], terminal.text().replace("\n", ""))

    def test_a_prompt_that_nothing_is_said_to_leaves_nothing(self):
        terminal = self.prompt()
        self.enters(terminal, "/?", "/set verbose")
        self.leaves(terminal)
        self.assertEqual(self.sessions(), [])
        self.assertNotIn("--session", terminal.text())

    def test_lines_between_quotes_are_one_message(self):
        terminal = self.prompt()
        terminal.types('"""one\r')
        terminal.until("the other prompt", lambda: terminal.line() == "... Press Enter to send")
        terminal.types('two"""\r')
        terminal.sees("one\ntwo\n")
        self.leaves(terminal)
        self.assertEqual(self.said()[0], "one\ntwo")

    def test_a_pasted_block_is_one_message_and_none_of_it_is_a_command(self):
        terminal = self.prompt()
        terminal.pastes("first\r/bye\r\x1b[31mthird")
        terminal.until("the end of it", lambda: terminal.line() == "... [31mthird")
        self.assertEqual(self.sessions(), [], "it waits for Enter")
        terminal.types(" and more\r")
        self.leaves(terminal)
        self.assertEqual(self.said()[0], "first\n/bye\n[31mthird and more")

    def test_ctrl_j_begins_a_new_line(self):
        terminal = self.prompt()
        terminal.types("one\ntwo\r")
        self.leaves(terminal)
        self.assertEqual(self.said()[0], "one\ntwo")

    def test_keys_move_and_erase_as_in_a_shell(self):
        terminal = self.prompt()
        terminal.types("two three\x01one \x05 four\x1b[D\x1b[D\x1b[D\x1b[D\x1bb\x0bFOUR\x17six\r")
        self.leaves(terminal)
        self.assertEqual(self.said()[0], "one two six")

    def test_wide_characters_are_edited_in_whole(self):
        terminal = self.prompt(columns=30)
        terminal.types("日本語" * 6)  # wraps
        terminal.types("\x7f\x7f🚀\x02\x02ü\r")
        self.leaves(terminal)
        self.assertEqual(self.said()[0], "日本語" * 5 + "ü日🚀")
        self.assertIn("日", terminal.text())

    def test_a_locale_without_utf_8_changes_nothing(self):
        terminal = self.prompt(LC_ALL="C", LANG="C")
        self.assertEqual(self.enters(terminal, "Köln 東京 🚀"), "Köln 東京 🚀")
        self.leaves(terminal)
        self.assertEqual(self.said()[0], "Köln 東京 🚀")

    def test_control_characters_of_a_model_do_nothing_to_the_terminal(self):
        set_script(self.ollama, text="a \x1b[31mred\x1b]0;title\x07 \u009b5A end ", records=6)
        terminal = self.prompt()
        shown = self.enters(terminal, "go")
        self.assertIn("a ^[[31mred^[]0;title^G", shown)
        answer = terminal.raw.split(b"go\r\n", 1)[1]
        for never in (b"\x1b[31m", b"\x1b]0;", b"\x07", "\u009b".encode()):
            self.assertNotIn(never, answer)

    def test_thinking_is_shown_apart(self):
        terminal = self.prompt("thinker")
        set_script(self.ollama, thinking=2, records=2)
        shown = self.enters(terminal, "go")
        self.assertTrue(shown.startswith("Thinking...\n"), shown)
        self.assertIn("\n...done thinking.\n\n", shown)

    def test_verbose_tells_numbers_after_each_answer(self):
        terminal = self.prompt()
        self.assertEqual(self.enters(terminal, "/set verbose"), "Set 'verbose' mode.")
        shown = self.enters(terminal, "hello")
        for name in ("total duration:", "prompt eval count:", "eval count:", "eval rate:"):
            self.assertIn(name, shown)

    def test_words_move_to_the_next_line_unless_told_otherwise(self):
        terminal = self.prompt(columns=24)
        set_script(self.ollama, text="aaaaaaaaa bbbbbbbbb cccccc dddd ", records=4)
        self.assertEqual(self.enters(terminal, "go"), "aaaaaaaaa bbbbbbbbb\ncccccc dddd")
        self.enters(terminal, "/set nowordwrap")
        self.assertEqual(self.enters(terminal, "once more"), "aaaaaaaaa bbbbbbbbb cccc\ncc dddd")

    def test_a_picture_is_sent_and_no_command(self):
        terminal = self.prompt()
        self.assertIn("Unknown command '/nothing.png'", self.enters(terminal, "/nothing.png"))


class Waiting(Prompt):
    def test_ctrl_c_ends_the_answer_and_keeps_what_was_said(self):
        set_script(self.ollama, records=100_000, gap_ms=5)
        terminal = self.prompt()
        terminal.types("go on\r")
        terminal.sees("This is canned text")
        terminal.types("\x03")
        self.at_prompt(terminal)
        until("the cancel at Ollama", lambda: stats(self.ollama)["cancels"] > 0)
        self.assertEqual(self.session()["messages"][-1]["state"], "cancelled")
        self.assertTrue(self.said()[-1].startswith("This is canned text"))
        set_script(self.ollama, echo=True)
        self.assertEqual(self.enters(terminal, "and now"), "and now")

    def test_ctrl_c_ends_an_answer_that_has_no_text_yet(self):
        set_script(self.ollama, hang=True)
        terminal = self.prompt()
        terminal.types("go on\r")
        until("the request at Ollama", lambda: stats(self.ollama)["in_flight"] > 0
              if "in_flight" in stats(self.ollama) else self.said() != [])
        terminal.types("\x03")
        self.at_prompt(terminal)
        self.assertEqual(self.session()["messages"][-1]["state"], "cancelled")

    def test_ctrl_c_on_an_empty_line_says_how_to_leave_and_else_drops_the_line(self):
        terminal = self.prompt()
        terminal.types("half a line")
        terminal.until("it", lambda: "half a line" in terminal.line())
        terminal.types("\x03")
        self.at_prompt(terminal)
        self.assertNotIn("Use Ctrl + d", terminal.text())
        terminal.types("\x03")
        terminal.sees("Use Ctrl + d or /bye to exit.")
        self.leaves(terminal)
        self.assertEqual(self.sessions(), [])

    def test_what_is_typed_during_an_answer_is_the_next_line(self):
        set_script(self.ollama, records=60, gap_ms=20)
        terminal = self.prompt()
        terminal.types("go on\r")
        terminal.sees("This is canned text")
        terminal.types("typed early")
        terminal.until("the line after the answer", lambda: terminal.line() == ">>> typed early")

    def test_what_an_answer_waits_for_is_shown_until_its_first_text(self):
        slow = self.enterContext_(scripted_ollama(OLLAMA, "--load-ms", "1000"))
        node = self.enterContext_(conductor(PROGRAM, slow.port))
        until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
        set_script(slow, echo=True)
        terminal = self.prompt(CONDUCTOR_HOST=f"127.0.0.1:{node.port}")
        terminal.types("hello\r")
        terminal.sees("loading canned on ollama")
        self.at_prompt(terminal)
        self.assertNotIn("loading", terminal.text())
        self.assertIn("\nhello\n", terminal.text())

    def test_the_place_in_the_queue_is_shown(self):
        subprocess.run([PROGRAM, "backends", "add", "ollama", f"http://127.0.0.1:{self.ollama.port}",
                        "--parallel", "1"], env=self.environment(), check=True, capture_output=True)
        self.serves()
        set_script(self.ollama, records=100_000, gap_ms=5)
        first, second = self.prompt(), self.prompt()
        first.types("go on\r")
        first.sees("This is canned text")
        second.types("and me\r")
        second.sees("queued, number 1")
        first.types("\x03")
        second.sees("This is canned text")
        self.assertNotIn("queued", second.text())

    def test_ctrl_c_leads_back_to_the_prompt_when_the_node_is_gone(self):
        set_script(self.ollama, records=100_000, gap_ms=5)
        terminal = self.prompt()
        terminal.types("go on\r")
        terminal.sees("This is canned text")
        self.node.process.kill()
        terminal.sees("Trying again.")
        terminal.types("\x03")
        terminal.sees("The answer goes on at the node")
        self.leaves(terminal)

    def test_a_failure_is_told_and_the_prompt_goes_on(self):
        set_script(self.ollama, records=4, error_after=2)
        terminal = self.prompt()
        self.assertIn("Error: ", self.enters(terminal, "go"))
        set_script(self.ollama, echo=True)
        self.assertEqual(self.enters(terminal, "still there"), "still there")

    def test_another_size_keeps_what_is_typed(self):
        terminal = self.prompt(columns=40)
        terminal.types("a line that is longer than one row of this terminal")
        terminal.until("two rows", lambda: terminal.line() == "f this terminal")
        terminal.resize(100, 50)
        terminal.until("one row", lambda: terminal.line() ==
                       ">>> a line that is longer than one row of this terminal")
        terminal.types("!\r")
        self.leaves(terminal)
        self.assertEqual(self.said()[0], "a line that is longer than one row of this terminal!")

    def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back(self):
        shell = self.enterContext_(Terminal(["bash", "--norc", "--noprofile"], self.environment(PS1="$ "), cwd=self.home))
        shell.until("a shell", lambda: shell.line() == "$")
        shell.types(f"{PROGRAM} run canned\r")
        self.at_prompt(shell)
        shell.types("half a line")
        shell.until("it", lambda: shell.line() == ">>> half a line")
        shell.types("\x1a")
        shell.until("the shell", lambda: shell.line() == "$")
        shell.types("echo in bet''ween\r")
        shell.sees("\nin between\n")
        shell.types("fg\r")
        shell.until("the line again", lambda: shell.line() == ">>> half a line")
        shell.types("!\r")
        self.at_prompt(shell)
        self.assertEqual(self.said(), ["half a line!"] * 2)

    def test_waiting_costs_nothing(self):
        terminal = self.prompt()
        self.enters(terminal, "hello")
        before = cpu_seconds(terminal.pid)
        seen = terminal.raw
        with self.assertRaises(AssertionError):
            terminal.until("nothing", lambda: False, patience=2)
        self.assertEqual(terminal.raw, seen)
        self.assertLess(cpu_seconds(terminal.pid) - before, 0.005)

    def test_200_tokens_a_second_are_no_work(self):
        set_script(self.ollama, records=600, gap_ms=5)
        terminal = self.prompt()
        before = cpu_seconds(terminal.pid)
        self.enters(terminal, "go on")
        self.assertLess(cpu_seconds(terminal.pid) - before, 3 * 0.15)


class Together(Prompt):
    def another(self, content):
        """Another surface says something to the only conversation, and hears the answer."""
        (one,) = self.sessions()
        return ask(self.node.port, "POST", f"/conductor/v1/sessions/{one['id']}/messages", {"content": content})

    def test_what_another_says_appears_and_the_line_being_typed_stays(self):
        terminal = self.prompt()
        self.enters(terminal, "hello")
        terminal.types("my own li")
        terminal.until("it", lambda: terminal.line() == ">>> my own li")
        self.another("from elsewhere")
        terminal.until("the line again", lambda: terminal.line() == ">>> my own li"
                       and terminal.text().count("from elsewhere") == 2)
        self.assertIn(">>> from elsewhere\nfrom elsewhere\n\n>>> my own li", terminal.text())
        terminal.types("ne\r")
        self.leaves(terminal)
        self.assertEqual(self.said()[-2:], ["my own line"] * 2)

    def test_two_prompts_in_one_conversation_see_the_same(self):
        first = self.prompt("canned", "--session", "Both")
        self.enters(first, "one")
        second = self.prompt("--session", "Both", ready=False)
        second.sees(HINT)
        self.assertIn(">>> one\none\n", second.text())
        self.enters(second, "two")
        first.sees(">>> two\ntwo\n")
        self.enters(first, "three")
        second.sees(">>> three\nthree\n")
        for terminal in (first, second):
            self.leaves(terminal)
            self.assertEqual(terminal.text().count("\nthree\n"), 1, terminal.text())

    def test_a_conversation_is_joined_in_the_middle_of_an_answer(self):
        set_script(self.ollama, records=80, gap_ms=25)
        first = self.prompt("canned", "--session", "Both")
        first.types("go on\r")
        first.sees("This is canned text")
        second = self.prompt("--session", "Both", ready=False)
        second.sees("This is canned text")
        for terminal in (first, second):
            self.leaves(terminal)
        spoken = " ".join(self.said()[1].split())
        for terminal in (first, second):
            self.assertIn(spoken, " ".join(terminal.text().split()))

    def test_a_node_that_is_killed_and_comes_back_is_gone_on_with(self):
        set_script(self.ollama, records=100_000, gap_ms=10)
        home = self.enterContext_(tempfile.TemporaryDirectory(prefix="conductor-kept-"))
        port, flags = free_port(), ("--data-dir", home)
        node = conductor(PROGRAM, self.ollama.port, *flags, port=port)
        self.addCleanup(lambda: node.end())
        until("readiness", lambda: ask(port, "GET", "/readyz")[0] == 200)
        terminal = self.prompt(CONDUCTOR_HOST=f"127.0.0.1:{port}")
        terminal.types("go on\r")
        terminal.sees("This is canned text")
        # Text is saved every second: what the screen shows by then, the node has.
        target = "/conductor/v1/sessions"

        def saved():
            one = json.loads(ask(port, "GET", target)[1])["sessions"][0]["id"]
            return json.loads(ask(port, "GET", f"{target}/{one}")[1])["messages"][-1]["content"]

        until("a second of text", lambda: len(saved()) > 600)
        os.kill(node.pid, signal.SIGKILL)
        node.ended()
        set_script(self.ollama, echo=True)
        node = conductor(PROGRAM, self.ollama.port, *flags, port=port)
        terminal.sees("interrupted", 40)
        self.assertEqual(self.enters(terminal, "are you back"), "are you back")
        shown = terminal.text()
        self.assertEqual(shown.count("This is canned text from"), shown.count("not a model."), shown)
        self.assertEqual(shown.count(">>> go on"), 1, shown)

    def test_a_conversation_that_is_deleted_elsewhere_makes_room_for_a_new_one(self):
        terminal = self.prompt()
        self.enters(terminal, "hello")
        (one,) = self.sessions()
        ask(self.node.port, "DELETE", f"/conductor/v1/sessions/{one['id']}")
        terminal.sees("Error: ")
        self.assertEqual(self.enters(terminal, "again"), "again")
        self.assertNotEqual(self.sessions()[0]["id"], one["id"])


class Commands(Prompt):
    def test_they_answer_in_ollama_s_words(self):
        terminal = self.prompt()
        for line, answer in (
                ("/set parameter temperature 0.5", "Set parameter 'temperature' to '0.5'"),
                ("/set parameter seed x", "Couldn't set parameter: \"invalid int value [x]\""),
                ("/set parameter bogus 3", "Couldn't set parameter: \"unknown parameter 'bogus'\""),
                ("/set parameter stop a b", "Set parameter 'stop' to 'a, b'"),
                ("/set system You are terse.", "Set system message."),
                ("/show system", "You are terse."),
                ("/set format json", "Set format to 'json' mode."),
                ("/set format", "Invalid or missing format. For 'json' mode use '/set format json'"),
                ("/set noformat", "Disabled format."),
                ("/set verbose", "Set 'verbose' mode."),
                ("/set quiet", "Set 'quiet' mode."),
                ("/set wordwrap", "Set 'wordwrap' mode."),
                ("/set nowordwrap", "Set 'nowordwrap' mode."),
                ("/set think", "warning: model \"canned\" does not support thinking output\nSet 'think' mode."),
                ("/set nothink", "warning: model \"canned\" does not support thinking output\nSet 'nothink' mode."),
                ("/set history", ""),
                ("/set foo", "Unknown command '/set foo'. Type /? for help"),
                ("/foo", "Unknown command '/foo'. Type /? for help"),
                ("/show foo", "Unknown command '/show foo'. Type /? for help"),
                ("/load nosuch", "Loading model 'nosuch'\nCouldn't find model 'nosuch'"),
                ("/load", "Usage:\n  /load <modelname>"),
                ("/save", "Usage:\n  /save <modelname>"),
                ("/clear", "Cleared session context")):
            with self.subTest(line):
                self.assertEqual(self.enters(terminal, line), answer)

    def test_what_is_set_before_the_first_message_is_the_conversation_s(self):
        terminal = self.prompt()
        self.enters(terminal, "/set system You are terse.", "/set parameter temperature 0.5", "hello",
                    "/set parameter seed 3")
        session = self.session()
        self.assertEqual((session["system"], session["options"]),
                         ("You are terse.", {"temperature": 0.5, "seed": 3}))

    def test_messages_are_taken_back_and_answered_again(self):
        terminal = self.prompt()
        self.enters(terminal, "one", "two", "three")
        self.assertEqual(self.enters(terminal, "/rewind 2"), "Took back 2 messages and their answers")
        self.assertEqual(self.said(), ["one"] * 2)
        set_script(self.ollama, text="otherwise ", records=1)
        self.assertEqual(self.enters(terminal, "/regenerate"), "otherwise")
        self.assertEqual(self.said(), ["one", "otherwise"])
        self.enters(terminal, "/clear")
        self.assertEqual(self.said(), [])

    def test_a_copy_is_gone_on_with_and_the_first_one_found_again(self):
        terminal = self.prompt("canned", "--session", "First")
        self.enters(terminal, "one")
        self.assertEqual(self.enters(terminal, "/fork Second"), "Going on in a copy, 'Second'")
        self.enters(terminal, "two")
        self.assertIn("First", self.enters(terminal, "/sessions"))
        shown = self.enters(terminal, "/session First")
        self.assertIn("Conversation 'First' with canned, 2 messages", shown)
        self.assertEqual({one["title"] for one in self.sessions()}, {"First", "Second"})

    def test_a_conversation_is_written_into_a_file(self):
        terminal = self.prompt()
        self.enters(terminal, "one", "/export talk.json", "/export talk.md")
        document = json.loads(pathlib.Path(self.home, "talk.json").read_text())
        self.assertEqual([m["content"] for m in document["messages"]], ["one"] * 2)
        self.assertIn("## user", pathlib.Path(self.home, "talk.md").read_text())

    def test_another_model_goes_on_with_the_conversation(self):
        terminal = self.prompt()
        self.enters(terminal, "one")
        self.assertEqual(self.enters(terminal, "/model thinker"), "Going on with 'thinker'")
        self.enters(terminal, "two")
        self.assertEqual([m.get("model") for m in self.session()["messages"]][1::2], ["canned", "thinker"])

    def test_a_model_is_made_of_the_conversation_and_talked_with(self):
        terminal = self.prompt()
        self.enters(terminal, "/set system You are terse.", "one")
        self.assertEqual(self.enters(terminal, "/save mine"), "Created new model 'mine'")
        self.assertEqual(self.enters(terminal, "/load mine"), "Loading model 'mine'")
        self.assertEqual(self.enters(terminal, "two"), "two")
        self.assertEqual([one["model"] for one in self.sessions()], ["mine", "canned"])
        self.assertEqual(self.said_in(self.sessions()[1]), ["one"] * 2)

    def test_statistics_are_of_the_last_answer_and_of_all(self):
        terminal = self.prompt()
        self.enters(terminal, "one", "two")
        shown = self.enters(terminal, "/stats")
        self.assertIn("eval rate:", shown)
        self.assertRegex(shown, r"answers: +2")

    def test_history_is_kept_for_the_next_prompt_unless_it_is_not_wanted(self):
        terminal = self.prompt(OLLAMA_NOHISTORY="1")
        self.enters(terminal, "forget me")
        self.leaves(terminal)
        terminal = self.prompt()
        self.enters(terminal, "remember me")
        self.leaves(terminal)
        again = self.prompt()
        again.types("\x1b[A")
        again.until("the line", lambda: again.line() == ">>> remember me")
        again.types("\x1b[A")
        again.types("!")
        again.until("still that", lambda: again.line() == ">>> remember me!")
        file = pathlib.Path(self.home, ".local/state/conductor/history")
        self.assertEqual(file.read_text(), "remember me\n")
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)

    def test_an_editor_changes_the_message(self):
        editor = pathlib.Path(self.home, "editor")
        editor.write_text("#!/bin/sh\nprintf 'second\\nthird\\n' >> \"$1\"\n")
        editor.chmod(0o755)
        terminal = self.prompt(OLLAMA_EDITOR=str(editor))
        terminal.types("first \x07")
        terminal.until("the draft", lambda: terminal.line() == "... third")
        terminal.types("\r")
        self.leaves(terminal)
        self.assertEqual(self.said()[0], "first second\nthird")


class Apart(Prompt):
    """What is no terminal is no prompt."""

    def run_piped(self, *words, stdin=""):
        return subprocess.run([PROGRAM, "run", *words], input=stdin, capture_output=True, text=True, timeout=30,
                              check=False, env=self.environment())

    def test_a_pipe_is_asked_once_and_keeps_nothing(self):
        done = self.run_piped("canned", stdin="from a pipe")
        self.assertEqual((done.returncode, done.stdout.strip(), done.stderr), (0, "from a pipe", ""))
        self.assertEqual(self.sessions(), [])

    def test_a_pipe_gets_the_model_s_bytes_as_they_are(self):
        set_script(self.ollama, text="a\x1b[31mred ", records=1)
        self.assertIn("\x1b[31m", self.run_piped("canned", "go").stdout)

    def test_no_colour_is_shown_to_who_wants_none(self):
        terminal = self.prompt(NO_COLOR="1", ready=False)
        terminal.until("a prompt", lambda: terminal.line() == ">>>")
        terminal.types("hello\r/bye\r")
        self.assertEqual(terminal.ended(), 0)
        self.assertNotIn(b"\x1b[38", terminal.raw)

    def test_the_terminal_is_left_as_it_was(self):
        terminal = self.enterContext_(Terminal(
            ["/bin/sh", "-c", f"before=$(stty -g); {PROGRAM} run canned; [ \"$before\" = \"$(stty -g)\" ] && echo same"],
            self.environment(), cwd=self.home))
        self.at_prompt(terminal)
        terminal.types("hello\r")
        terminal.sees("hello\n\n")
        terminal.types("\x04")
        terminal.sees("same")

    def test_a_model_that_is_not_there_is_downloaded(self):
        terminal = self.prompt("newcomer")
        self.assertIn("success", terminal.text())


if __name__ == "__main__":
    PROGRAM, OLLAMA = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
