#!/usr/bin/env python3
"""How the real process begins and ends: process_life.py CONDUCTOR SCRIPTED_OLLAMA."""

import http.client
import json
import signal
import sys
import time
import unittest

from processes import (Program, ask, conductor, free_port, listens, scripted_ollama, set_script,
                       stats, until)


class Life(unittest.TestCase):
    def connection(self, node):
        made = http.client.HTTPConnection("127.0.0.1", node.port, timeout=20)
        self.addCleanup(made.close)
        return made

    def test_a_node_accepts_soon_after_its_start(self):
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port, wait=False) as node:
            until("the first answer", lambda: listens(node.port))
            took = time.monotonic() - node.started
            status, _ = ask(node.port, "GET", "/healthz")
            self.assertEqual(status, 200)
            print(f"start to first accept: {took * 1e3:.0f} ms")
            self.assertLess(took, 5)

    def test_a_start_and_a_connection_call_no_model(self):
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as node:
            until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
            for path in ("/", "/api/version", "/api/tags", "/api/ps", "/v1/models", "/metrics"):
                self.assertEqual(ask(node.port, "GET", path)[0], 200, path)
            seen = stats(ollama)
            self.assertEqual((seen["answers"], seen["loads"]), (0, 0))

    def test_a_node_without_ollama_starts_and_says_so(self):
        with conductor(NODE, free_port()) as node:
            self.assertEqual(ask(node.port, "GET", "/healthz")[0], 200)
            until("not ready", lambda: ask(node.port, "GET", "/readyz")[0] == 503)
            status, body = ask(node.port, "POST", "/api/chat",
                               {"model": "canned", "messages": [{"role": "user", "content": "hi"}]})
            self.assertGreaterEqual(status, 500)
            self.assertIn("error", json.loads(body))

    def test_sigterm_and_sigint_end_an_idle_node_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number), scripted_ollama(OLLAMA) as ollama, \
                    conductor(NODE, ollama.port) as node:
                begin = time.monotonic()
                node.process.send_signal(number)
                self.assertEqual(node.ended(), 0, node.log())
                print(f"{number.name} to exit: {(time.monotonic() - begin) * 1e3:.0f} ms")

    def test_sigterm_lets_the_answer_in_flight_end(self):
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as node:
            set_script(ollama, gap_ms=20, records=60)
            idle = self.connection(node)
            idle.request("GET", "/healthz")
            idle.getresponse().read()
            asking = self.connection(node)
            asking.request("POST", "/api/generate", json.dumps({"model": "canned", "prompt": "hi"}))
            answer = asking.getresponse()
            records = [json.loads(answer.readline())]
            node.process.send_signal(signal.SIGTERM)
            until("the listener to close", lambda: not listens(node.port))
            self.assertIsNone(node.process.poll(), "it ended before the answer did")
            for line in answer:
                records.append(json.loads(line))
            self.assertTrue(records[-1].get("done"), records[-1])
            self.assertEqual(sum(1 for r in records if not r["done"]), 60)
            self.assertEqual(node.ended(), 0, node.log())
            self.assertEqual(stats(ollama)["cancels"], 0)

    def test_a_second_node_on_the_port_is_refused_and_the_first_lives_on(self):
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as first:
            with conductor(NODE, ollama.port, port=first.port, wait=False) as second:
                self.assertNotEqual(second.ended(), 0)
                self.assertIn(str(first.port), second.log())
            self.assertEqual(ask(first.port, "GET", "/healthz")[0], 200)

    def test_a_killed_node_can_start_again_at_once(self):
        with scripted_ollama(OLLAMA) as ollama:
            with conductor(NODE, ollama.port) as node:
                connection = self.connection(node)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                port = node.port
                node.process.kill()
                node.ended()
            with conductor(NODE, ollama.port, port=port) as again:
                self.assertEqual(ask(again.port, "GET", "/healthz")[0], 200)

    def test_wrong_usage_is_named_and_exits_with_2(self):
        for flags in (["--no-such-flag"], ["--listen", "nowhere:99999"]):
            with self.subTest(flags=flags), Program([NODE, "serve", *flags]) as wrong:
                self.assertEqual(wrong.ended(), 2, wrong.log())
                self.assertIn(flags[-1] if len(flags) > 1 else flags[0], wrong.log())


OLLAMA, NODE = sys.argv.pop(2), sys.argv.pop(1)
if __name__ == "__main__":
    unittest.main()
