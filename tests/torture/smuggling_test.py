#!/usr/bin/env python3
"""Requests whose ends are told in two ways: smuggling_test.py CONDUCTOR SCRIPTED_OLLAMA.

Alone, the node refuses each, answers nothing behind it and asks Ollama nothing of it. Behind HAProxy and nginx,
which keep connections to the node, whatever they let through never moves an answer to somebody else."""

import getpass
import os
import shutil
import sys
import tempfile
import unittest

from peer import NODE, OLLAMA, Peer, Program, ask, conductor, free_port, scripted_ollama, stats, until

HIDDEN_BODY = '{"model":"smuggled"}'
# What a second reader of the bytes would take for a request; a DELETE is nothing that the node asks by itself.
HIDDEN = ("DELETE /api/delete HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: smuggled\r\n"
          f"Content-Length: {len(HIDDEN_BODY)}\r\n\r\n{HIDDEN_BODY}")
CHUNKED_END = "0\r\n\r\n"


def post(*headers, body=""):
    lines = ["POST /api/show HTTP/1.1", "Host: localhost", *headers]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def length(n):
    return f"Content-Length: {n}"


CHUNKED = "Transfer-Encoding: chunked"
CASES = {
    "CL.TE": post(length(len(CHUNKED_END + HIDDEN)), CHUNKED, body=CHUNKED_END + HIDDEN),
    "TE.CL": post(CHUNKED, length(4), body=f"{len(HIDDEN):x}\r\n{HIDDEN}\r\n{CHUNKED_END}"),
    "CL.CL, different": post(length(0), length(len(HIDDEN)), body=HIDDEN),
    "CL.CL, the same": post(length(0), length(0), body=HIDDEN),
    "CL as a list": post("Content-Length: 0, 0", body=HIDDEN),
    "CL with a sign": post("Content-Length: +0", body=HIDDEN),
    "CL in hex": post("Content-Length: 0x0", body=HIDDEN),
    "CL with a space inside": post("Content-Length: 0 0", body=HIDDEN),
    "CL empty": post("Content-Length:", body=HIDDEN),
    "CL larger than a number may be": post("Content-Length: 18446744073709551616", body=HIDDEN),
    "space before the colon": post(f"Content-Length : {len(HIDDEN)}", body=HIDDEN),
    "TE.TE, the second unknown": post(CHUNKED, "Transfer-Encoding: x", length(4), body=CHUNKED_END + HIDDEN),
    "TE twice": post(CHUNKED, CHUNKED, body=CHUNKED_END + HIDDEN),
    "TE not chunked": post("Transfer-Encoding: identity", length(len(HIDDEN)), body=HIDDEN),
    "TE chunked, then something": post("Transfer-Encoding: chunked, identity", body=CHUNKED_END + HIDDEN),
    "TE xchunked": post("Transfer-Encoding: xchunked", length(4), body=CHUNKED_END + HIDDEN),
    "TE with a tab": post("Transfer-Encoding:\tchunked", length(4), body=CHUNKED_END + HIDDEN),
    "TE with a vertical tab": post("Transfer-Encoding: \x0bchunked", length(4), body=CHUNKED_END + HIDDEN),
    "TE in quotes": post('Transfer-Encoding: "chunked"', length(4), body=CHUNKED_END + HIDDEN),
    "TE behind a folded line": post("X: y\r\n Transfer-Encoding: chunked", length(4), body=CHUNKED_END + HIDDEN),
    "TE folded": post("Transfer-Encoding:\r\n chunked", length(4), body=CHUNKED_END + HIDDEN),
    "TE of HTTP/1.0": post(CHUNKED, body=CHUNKED_END + HIDDEN).replace("HTTP/1.1", "HTTP/1.0", 1),
    "bare LF in the head": post(CHUNKED, body=CHUNKED_END + HIDDEN).replace("\r\n", "\n", 2),
    "bare CR in the head": post(CHUNKED + "\rX: y", body=CHUNKED_END + HIDDEN),
    "chunk size with a sign": post(CHUNKED, body="+0\r\n\r\n" + HIDDEN),
    "chunk size in 0x": post(CHUNKED, body="0x0\r\n\r\n" + HIDDEN),
    "chunk size larger than a number may be": post(CHUNKED, body="10000000000000000\r\n" + HIDDEN),
    "chunk longer than it says": post(CHUNKED, body="1\r\nab\r\n" + CHUNKED_END + HIDDEN),
    "chunk ended by a bare LF": post(CHUNKED, body="1\na\n0\n\n" + HIDDEN),
    "a second Host": post("Host: elsewhere", length(0)) + HIDDEN,
    "no Host": ("POST /api/show HTTP/1.1\r\n" + length(0) + "\r\n\r\n") + HIDDEN,
    "a NUL in a value": post("X: a\x00b", length(0)) + HIDDEN,
    "a line feed in the target": "GET /api/version\nX: y HTTP/1.1\r\nHost: localhost\r\n\r\n" + HIDDEN,
}
# Odd, and unmistakable: taken for one request, and the next is read behind its end.
WHOLE = {
    "chunk extensions": post(CHUNKED, body="2;a=b;c\r\n{}\r\n0;last\r\n\r\n"),
    "trailers": post(CHUNKED, body="2\r\n{}\r\n0\r\nX-Trailer: Content-Length: 5\r\n\r\n"),
    "chunk sizes in upper case and with zeros": post(CHUNKED, body="00A\r\n{\"a\":\"bb\"}\r\n0\r\n\r\n"),
    "names in any case": post("tRaNsFeR-eNcOdInG: CHUNKED", body="2\r\n{}\r\n0\r\n\r\n"),
    "a body of a GET": "GET /api/version HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
}
NEXT = "GET /api/version HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: next\r\n\r\n"

HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    http-reuse always
frontend clients
    bind 127.0.0.1:{port}
    default_backend node
backend node
    server conductor 127.0.0.1:{node}
"""
NGINX = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    upstream node {{ server 127.0.0.1:{node}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://node;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host localhost;
        }}
    }}
}}
"""


def program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def deletes(ollama):
    return stats(ollama)["by_route"].get("/api/delete", 0)


class Smuggling(unittest.TestCase):
    def setUp(self):
        self.ollama = self.enterContext(scripted_ollama(OLLAMA))
        self.node = self.enterContext(conductor(NODE, self.ollama.port))
        until("readiness", lambda: ask(self.node.port, "GET", "/readyz")[0] == 200)

    def test_alone_the_node_refuses_what_can_be_read_in_two_ways(self):
        for name, request in CASES.items():
            with self.subTest(name), Peer(self.node.port) as peer:
                peer.say(request)
                peer.say(NEXT)
                status, headers, _ = peer.answer() or (0, {}, b"")
                self.assertEqual(status, 400, name)
                self.assertEqual(headers.get("connection"), "close")
                self.assertIsNone(peer.answer(), "something behind it was answered")
        self.assertEqual(deletes(self.ollama), 0, "what was hidden in a request reached Ollama")
        self.assertEqual(ask(self.node.port, "GET", "/api/version")[0], 200)

    def test_alone_what_is_odd_and_plain_is_one_request(self):
        for name, request in WHOLE.items():
            with self.subTest(name), Peer(self.node.port) as peer:
                peer.say(request)
                first = peer.answer()
                self.assertIsNotNone(first, name)
                peer.say(NEXT)
                second = peer.answer()
                self.assertIsNotNone(second, name)
                self.assertEqual((second[0], second[1].get("x-request-id")), (200, "next"), name)

    def behind(self, port):
        """Everything again through the proxy at `port`; after each somebody else asks, and gets an answer of his own."""
        until("the proxy", lambda: ask(port, "GET", "/api/version")[0] == 200)
        for name, request in {**CASES, **WHOLE}.items():
            with self.subTest(name):
                with Peer(port) as attacker:
                    attacker.socket.settimeout(.3)  # some are waited for by the proxy: a body that never comes
                    attacker.say(request)
                    try:
                        attacker.read()
                    except TimeoutError:
                        pass
                    for n in range(2):
                        with Peer(port) as victim:
                            victim.say(f"GET /api/version HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: victim-{n}\r\n\r\n")
                            status, headers, body = victim.answer()
                            self.assertEqual((status, headers.get("x-request-id")), (200, f"victim-{n}"), body)
                            self.assertIn(b'"version"', body)
        self.assertEqual(ask(self.node.port, "GET", "/healthz")[0], 200)

    def test_behind_haproxy_no_answer_goes_to_somebody_else(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        port = free_port()
        file = f"{folder}/haproxy.cfg"
        with open(file, "w", encoding="ascii") as out:
            out.write(HAPROXY.format(port=port, node=self.node.port))
        self.enterContext(Program([program("haproxy"), "-db", "-f", file], port).ready())
        self.behind(port)

    def test_behind_nginx_no_answer_goes_to_somebody_else(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        port = free_port()
        file = f"{folder}/nginx.conf"
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        with open(file, "w", encoding="ascii") as out:
            out.write(NGINX.format(port=port, node=self.node.port, folder=folder, user=user))
        self.enterContext(Program([program("nginx"), "-p", folder, "-c", file], port).ready())
        self.behind(port)

    def test_nothing_that_a_client_says_becomes_a_line_of_the_request_to_ollama(self):
        for target in ("/api/x%0d%0aX-Injected:%20y", "/api/x?q=%0d%0aX-Injected:%20y", "/api/%E2%80%8B"):
            for extra in ("", "X-Request-Id: a%0d%0aX-Injected: y\r\n", "X-Conductor-Backend: ollama\r\n"):
                with Peer(self.node.port) as peer:
                    peer.say(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{extra}\r\n")
                    self.assertIn(peer.answer()[0], (400, 404), target)
        for raw in ("X-Custom: a\r\rX-Injected: y", "X-Custom: a\x85X-Injected: y", "X-Custom\x00: y", "X Custom: y"):
            with Peer(self.node.port) as peer:
                peer.say(f"GET /api/x HTTP/1.1\r\nHost: localhost\r\n{raw}\r\n\r\n")
                self.assertIn(peer.answer()[0], (400, 404), raw)
        self.assertEqual(stats(self.ollama).get("by_route", {}).get("/api/delete", 0), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
