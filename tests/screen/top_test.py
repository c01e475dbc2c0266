#!/usr/bin/env python3
"""`conductor top` in a terminal, before a live node: top_test.py CONDUCTOR SCRIPTED_OLLAMA NVML_STUB."""

import json
import re
import subprocess

from terminals import PROGRAM, World, cpu_seconds, main, set_script, stats, until


class Top(World):
    def busy(self, count=4):
        set_script(self.ollama, records=100000, gap_ms=20)
        self.answers(count)
        until("answers in flight", lambda: len(
            self.ask("GET", "/conductor/v1/generations")["generations"]) == count)

    def test_what_the_node_does_is_seen_at_every_size(self):
        self.session("Colours")
        self.busy()
        t = self.terminal("top")
        t.sees("ANSWERS 4", "answers", "ollama", "NVIDIA", "Colours", "tok/s", "2 waiting")
        t.size(200, 60)
        t.sees("ANSWERS 4", "QUEUE 2", "BACKENDS 1", "GPUS 1", "SESSIONS 1", "quit", "canned:latest")
        t.size(40, 10)
        seen = t.sees("ANSWERS 4", "q quit")
        self.assertEqual(max(len(row) for row in seen.splitlines()) <= 40, True)
        t.size(20, 3)
        t.sees("Conductor")
        t.size(80, 24)
        t.sees("ANSWERS 4", "RECENT")

    def test_rates_are_of_the_last_second(self):
        self.busy(1)
        t = self.terminal("top", columns=120)
        t.sees("ANSWERS 1")
        found = until("tokens and their rate", lambda: re.search(r" answers .* \d+ +(\d+\.\d) ", t.shown()))
        rate = float(found[1])
        self.assertGreater(rate, 5)
        self.assertLess(rate, 200)

    def test_an_answer_is_cancelled_after_yes(self):
        self.busy(1)
        before = stats(self.ollama)["cancels"]
        t = self.terminal("top")
        t.sees("ANSWERS 1")
        t.type("c")
        t.sees("Cancel the answer", "(y/n)")
        t.type("n")
        t.misses("(y/n)")
        self.assertEqual(stats(self.ollama)["cancels"], before)
        t.type("cy")
        t.sees("ANSWERS 0")
        until("the cancel at Ollama", lambda: stats(self.ollama)["cancels"] > before)

    def test_a_server_is_drained_and_a_model_loaded_and_unloaded(self):
        t = self.terminal("top", columns=100)
        t.sees("BACKENDS 1")
        t.type("3dy")
        t.sees("draining")
        t.type("dy")
        t.misses("draining")
        t.type("l")
        t.sees("Load which model", "thinker:latest")
        t.type("thinker:l")
        t.keys("Enter")
        t.sees("Load thinker:latest", "(y/n)")
        t.type("y")
        t.sees("in memory", "100% GPU")
        t.keys("Down")
        t.type("uy")
        t.sees("is unloaded")

    def test_enter_shows_a_request_a_server_and_a_session(self):
        session = self.session("Colours", "which?", "a deep blue")
        subprocess.run([PROGRAM, "run", "canned", "hello", "--host", f"127.0.0.1:{self.port}"], check=True,
                       capture_output=True, timeout=30)
        t = self.terminal("top", columns=100, rows=40)
        t.sees("RECENT", "canned")
        t.type("6")
        t.keys("Enter")
        t.sees("request to first token", "Request ")
        t.keys("Escape")
        t.sees("Tab table")
        t.type("3")
        t.keys("Enter")
        t.sees("in_flight", "url")
        t.keys("Escape")
        t.sees("Tab table")
        t.type("5")
        t.keys("Enter")
        t.sees(session, "a deep blue")

    def test_failures_are_seen(self):
        set_script(self.ollama, status=500, error_text="out of cheese")
        subprocess.run([PROGRAM, "run", "canned", "hello", "--host", f"127.0.0.1:{self.port}"], check=False,
                       capture_output=True, timeout=30)
        t = self.terminal("top")
        t.sees("1 failed")
        t.type("e")
        t.sees("FAILED 1", "500")

    def test_it_says_that_the_node_is_away_and_comes_back_by_itself(self):
        t = self.terminal("top")
        t.sees("BACKENDS 1")
        self.node.end()
        t.sees("AWAY:")
        self.start_node()
        t.misses("AWAY")
        t.sees("up", "BACKENDS 1")

    def test_a_storm_of_sizes_ends_in_the_last_one(self):
        t = self.terminal("top")
        t.sees("BACKENDS 1")
        for i in range(60):
            t.size(30 + i * 7 % 150, 5 + i * 5 % 60)
        t.size(80, 24)
        seen = t.sees("BACKENDS 1", "? help")
        self.assertEqual(len(seen.splitlines()), 24)

    def test_it_rests_while_nothing_happens(self):
        """Processor time, with a wide margin: a frame clock would take far more."""
        t = self.terminal("top")
        t.sees("BACKENDS 1")
        spent = cpu_seconds(t.pid())
        seconds = 3
        with subprocess.Popen(["sleep", str(seconds)]) as pause:
            pause.wait()
        self.assertLess(cpu_seconds(t.pid()) - spent, 0.03 * seconds)

    def test_one_look_is_text_or_the_event(self):
        def once(*flags):
            return subprocess.run([PROGRAM, "top", *flags, "--host", f"127.0.0.1:{self.port}"],
                                  capture_output=True, text=True, check=True, timeout=30).stdout
        for text in (once("--once"), once()):
            self.assertIn("BACKENDS", text)
            self.assertNotIn("\x1b", text)
        event = json.loads(once("--json"))
        self.assertEqual(event["topic"], "overview")
        self.assertIn("backends", event["backends"])

    def test_no_node_is_an_error_of_one_look(self):
        self.node.end()
        result = subprocess.run([PROGRAM, "top", "--once", "--host", f"127.0.0.1:{self.port}"],
                                capture_output=True, text=True, check=False, timeout=30)
        self.assertEqual(result.returncode, 1)
        self.assertIn("conductor serve", result.stderr)

    def test_q_quits(self):
        t = self.terminal("top")
        t.sees("BACKENDS 1")
        t.type("q")
        self.assertEqual(t.status(), 0)


if __name__ == "__main__":
    main()
