#!/usr/bin/env python3
"""An idle node sleeps: the real process takes less than 1 % of a core, with no connection
and with a thousand: process_idle.py CONDUCTOR SCRIPTED_OLLAMA. Processor time is what is
measured, which a busy machine does not change."""

import contextlib
import socket
import sys
import time
import unittest

from processes import conductor, cpu_seconds, many_descriptors, scripted_ollama

SECONDS = 8
LIMIT = 0.01


def share(pid):
    begin, at = cpu_seconds(pid), time.monotonic()
    time.sleep(SECONDS)
    return (cpu_seconds(pid) - begin) / (time.monotonic() - at)


class Idle(unittest.TestCase):
    def test_an_idle_node_takes_less_than_one_percent_of_a_core(self):
        many_descriptors()
        with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port) as node:
            time.sleep(1)  # start-up's own work
            used = share(node.pid)
            print(f"no connection: {used:.3%} of a core")
            self.assertLess(used, LIMIT)

            with contextlib.ExitStack() as held:
                for number in range(1000):
                    s = held.enter_context(socket.create_connection(("127.0.0.1", node.port), 5))
                    if number % 2:  # half have spoken before and keep their connection
                        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        s.settimeout(10)
                        self.assertIn(b" 200 ", s.recv(4096))
                time.sleep(1)
                used = share(node.pid)
                print(f"1000 idle connections: {used:.3%} of a core")
                self.assertLess(used, LIMIT)


OLLAMA, NODE = sys.argv.pop(2), sys.argv.pop(1)
if __name__ == "__main__":
    unittest.main()
