#!/usr/bin/env python3
"""TLS at the node's listeners and towards its backends: tls_test.py CONDUCTOR SCRIPTED_OLLAMA."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "guards"), str(TESTS / "support")]
from certificates import Authority  # noqa: E402
from frames import TEXT, Frames  # noqa: E402
from processes import PATIENCE, Program, ask, cpu_seconds, free_port, scripted_ollama, set_script, stats, until  # noqa: E402

NODE, OLLAMA = sys.argv[1:3]


class World(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ollama = cls.enterClassContext(scripted_ollama(OLLAMA))
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="conductor-tls-")))
        cls.authority = Authority(cls.folder)
        cls.certificate, cls.key = cls.authority.sign("node")

    def setUp(self):
        set_script(self.ollama)

    def node(self, config="", flags=(), tls=True, backends=None, more=None, wait=True):
        """A node with an https and a plain listener; `config` is what its [tls] has besides."""
        plain, secure = free_port(), free_port()
        own = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="conductor-tls-")))
        file = own / "conductor.toml"
        certificate = f'certificate = "{self.certificate}"\nkey = "{self.key}"\n' if tls else ""
        file.write_text(f"[tls]\n{certificate}{config}")
        listen = ["--listen", f"127.0.0.1:{plain}", *(["--listen", f"https://127.0.0.1:{secure}"] if tls else [])]
        servers = [f"http://127.0.0.1:{self.ollama.port}"] if backends is None else backends
        node = self.enterContext(Program([NODE, "serve", "--config", str(file), *listen, *flags,
                                          *(w for s in servers for w in ("--backend", s))], plain, more=more))
        node.secure, node.config = secure, file
        if wait:
            node.ready()
            until("the backend", lambda: ask(plain, "GET", "/readyz")[0] == 200 or backends is not None)
        return node

    def trust(self, certificate=None, least=None, most=None):
        context = ssl.create_default_context(cafile=str(self.authority.file))
        if certificate:
            context.load_cert_chain(*certificate)
        context.minimum_version = least or ssl.TLSVersion.TLSv1_2
        if most:
            context.maximum_version = most
        return context

    def secure(self, node, context=None):
        s = socket.create_connection(("127.0.0.1", node.secure), timeout=PATIENCE)
        self.addCleanup(s.close)
        return self.enterContext((context or self.trust()).wrap_socket(s, server_hostname="localhost"))

    def ask(self, node, method, path, body=None, context=None):
        connection = http.client.HTTPSConnection("localhost", node.secure, timeout=PATIENCE,
                                                 context=context or self.trust())
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, answer.read()


class Listener(World):
    def test_it_gives_the_same_answers_as_a_plain_one(self):
        node = self.node()
        script = {"model": "canned", "prompt": "hi", "options": {"script": {"records": 50, "size": 900}}}
        status, secure = self.ask(node, "POST", "/api/generate", script)
        self.assertEqual(status, 200)
        self.assertGreater(len(secure.splitlines()), 50)
        plain = ask(node.port, "POST", "/api/generate", script)[1]
        said = [[json.loads(line).get("response") for line in text.splitlines()] for text in (secure, plain)]
        self.assertEqual(*said)

    def test_an_answer_comes_record_by_record(self):
        node = self.node()
        set_script(self.ollama, records=3, gap_ms=3_600_000)
        connection = http.client.HTTPSConnection("localhost", node.secure, timeout=PATIENCE, context=self.trust())
        with contextlib.closing(connection):
            connection.request("POST", "/api/generate", json.dumps({"model": "canned", "prompt": "hi"}))
            answer = connection.getresponse()
            first = json.loads(answer.readline())
            self.assertFalse(first["done"])

    def test_a_reader_who_waits_gets_every_byte_of_a_long_answer(self):
        node = self.node()
        set_script(self.ollama, records=3000, size=4000)
        s = self.secure(node)
        body = json.dumps({"model": "canned", "prompt": "hi"})
        s.sendall(f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        until("Ollama has said all", lambda: stats(self.ollama)["in_flight"] == 0 and stats(self.ollama)["answers"] > 0)
        answer = http.client.HTTPResponse(s)
        answer.begin()
        records = [json.loads(line) for line in answer.read().splitlines()]
        self.assertEqual(len(records), 3001)
        self.assertTrue(records[-1]["done"])

    def test_a_long_body_is_taken_whole(self):
        node = self.node()
        prompt = "x" * 3_000_000
        status, text = self.ask(node, "POST", "/api/generate", {"model": "canned", "prompt": prompt, "stream": False})
        self.assertEqual(status, 200, text)
        self.assertGreater(json.loads(text)["prompt_eval_count"], 500_000)

    def test_one_connection_carries_many_requests(self):
        node = self.node()
        connection = http.client.HTTPSConnection("localhost", node.secure, timeout=PATIENCE, context=self.trust())
        with contextlib.closing(connection):
            connection.connect()
            local = connection.sock.getsockname()
            for _ in range(50):
                connection.request("GET", "/api/version")
                self.assertEqual(connection.getresponse().read(), b'{"version":"0.33.0"}')
            self.assertEqual(connection.sock.getsockname(), local)

    def test_a_websocket_follows_a_session(self):
        node = self.node()
        frames = Frames("localhost", node.secure, PATIENCE, over=self.secure(node))
        status, made = ask(node.port, "POST", "/conductor/v1/sessions", {"model": "canned"})
        self.assertEqual(status, 201, made)
        name = json.loads(made)["id"]
        frames.send(TEXT, json.dumps({"op": "subscribe", "ref": "1", "session": name}).encode())
        frames.send(TEXT, json.dumps({"op": "send", "ref": "2", "session": name, "content": "hi"}).encode())
        seen = []
        while "done" not in seen:
            seen.append(json.loads(frames.receive()[1])["type"])
        self.assertIn("delta", seen)
        self.assertEqual(seen.count("done"), 1)

    def test_http_1_1_is_the_only_protocol(self):
        node = self.node()
        context = self.trust()
        context.set_alpn_protocols(["h2", "http/1.1"])
        self.assertEqual(self.secure(node, context).selected_alpn_protocol(), "http/1.1")
        context = self.trust()
        context.set_alpn_protocols(["h2"])
        with self.assertRaisesRegex(ssl.SSLError, "(?i)no.application.protocol"):
            self.secure(node, context)

    def test_old_versions_are_refused(self):
        node = self.node()
        self.assertEqual(self.secure(node, self.trust(most=ssl.TLSVersion.TLSv1_2)).version(), "TLSv1.2")
        self.assertEqual(self.secure(node).version(), "TLSv1.3")
        old = self.trust(least=ssl.TLSVersion.TLSv1_1, most=ssl.TLSVersion.TLSv1_1)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.secure(node, old)
        strict = self.node('min_version = "1.3"\n')
        with self.assertRaises(ssl.SSLError):
            self.secure(strict, self.trust(most=ssl.TLSVersion.TLSv1_2))
        self.assertEqual(self.ask(strict, "GET", "/api/version")[0], 200)

    def test_who_speaks_plainly_is_told_so(self):
        node = self.node()
        status, text = ask(node.secure, "GET", "/api/version")
        self.assertEqual(status, 400)
        self.assertIn("https://", json.loads(text)["error"])

    def test_who_never_agrees_is_given_up(self):
        own = '[server]\nhead_timeout = "1s"\n'
        node = self.node(own)
        hello = ssl.MemoryBIO(), ssl.MemoryBIO()
        with contextlib.suppress(ssl.SSLWantReadError):
            self.trust().wrap_bio(*hello, server_hostname="localhost").do_handshake()
        whole = hello[1].read()
        for said in (b"", whole[:40], whole, b"\x16\x03\x01\xff\xff"):
            with self.subTest(said=said[:20]), socket.create_connection(("127.0.0.1", node.secure), PATIENCE) as s:
                s.sendall(said)
                with contextlib.suppress(ConnectionError):
                    while s.recv(65536):
                        pass
        self.assertEqual(self.ask(node, "GET", "/api/version")[0], 200)

    def test_who_stops_inside_a_record_costs_nothing(self):
        node = self.node()
        arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        peer = self.trust().wrap_bio(arrived, leaving, server_hostname="localhost")
        with socket.create_connection(("127.0.0.1", node.secure), PATIENCE) as s:
            while True:
                try:
                    peer.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    s.sendall(leaving.read())
                    arrived.write(s.recv(65536))
            peer.write(b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n")
            said = leaving.read()
            s.sendall(said[:-10])
            time.sleep(0.5)
            before = cpu_seconds(node.pid)
            time.sleep(2)
            self.assertLess(cpu_seconds(node.pid) - before, 0.5)
            s.sendall(said[-10:])
            answer = b""
            while not answer:
                arrived.write(s.recv(65536))
                with contextlib.suppress(ssl.SSLWantReadError):
                    answer = peer.read(65536)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer)

    def test_garbage_disturbs_nobody(self):
        node = self.node()
        for said in (b"\x00" * 100, b"\x16\x03\x01\x00\x05hello", b"\x80" * 5000, b"SSH-2.0-x\r\n"):
            with socket.create_connection(("127.0.0.1", node.secure), PATIENCE) as s:
                s.sendall(said)
                s.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionError):
                    while s.recv(65536):
                        pass
        self.assertEqual(self.ask(node, "GET", "/api/version")[0], 200)
        text = ask(node.port, "GET", "/metrics")[1]
        self.assertRegex(text, r'conductor_refusals_total\{reason="tls"\} [1-9]')

    def test_a_successor_speaks_it_too(self):
        node = self.node()
        node.process.send_signal(signal.SIGUSR2)
        until("the successor", lambda: "serves in this one's place" in node.log())
        node.ended()
        self.assertEqual(self.ask(node, "GET", "/api/version")[0], 200)
        successor = int(re.search(r"process (\d+) serves in this one's place", node.log())[1])
        self.addCleanup(os.kill, successor, signal.SIGKILL)
        after = json.loads(ask(node.port, "GET", "/conductor/v1/status")[1])
        self.assertIn(f"https://127.0.0.1:{node.secure}", after["listen"])

    def test_the_command_line_speaks_it_to_whom_it_trusts(self):
        node = self.node()

        def conduct(**more):
            return subprocess.run([NODE, "run", "canned", "hi"], capture_output=True, text=True, timeout=PATIENCE,
                                  stdin=subprocess.DEVNULL,
                                  env={"PATH": os.environ["PATH"], "HOME": str(self.folder),
                                       "CONDUCTOR_HOST": f"https://localhost:{node.secure}", **more})
        done = conduct(SSL_CERT_FILE=str(self.authority.file))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("scripted Ollama", done.stdout)
        refused = conduct()
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("certificate is refused: unable to get local issuer certificate", refused.stderr)


class Certificates(World):
    def seen(self, node):
        return self.secure(node).getpeercert()["serialNumber"]

    def test_a_new_one_is_shown_to_new_connections_and_the_old_ones_go_on(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        certificate, key = self.authority.sign("renewed", into=folder)
        self.certificate, self.key = certificate, key
        node = self.node()
        before = self.seen(node)
        old = http.client.HTTPSConnection("localhost", node.secure, timeout=PATIENCE, context=self.trust())
        self.addCleanup(old.close)
        old.request("GET", "/api/version")
        old.getresponse().read()
        self.authority.sign("renewed", into=folder)
        until("the new certificate", lambda: self.seen(node) != before)
        old.request("GET", "/api/version")
        self.assertEqual(old.getresponse().status, 200)

    def test_a_broken_one_changes_nothing(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.certificate, self.key = self.authority.sign("broken", into=folder)
        node = self.node()
        before = self.seen(node)
        pathlib.Path(self.certificate).write_text("no certificate\n")
        until("the complaint", lambda: "stay in use" in node.log())
        self.assertIn(self.certificate, node.log())
        self.assertEqual(self.seen(node), before)

    def test_what_cannot_be_used_is_named_at_the_start(self):
        other = self.authority.sign("other")[1]
        for config, named in (('certificate = "/no/such.pem"\nkey = "/no/such.key"\n', "/no/such.pem"),
                              (f'certificate = "{self.certificate}"\nkey = "{other}"\n', other),
                              (f'certificate = "{self.certificate}"\nkey = "{self.certificate}"\n', "private key"),
                              (f'certificate = "{self.certificate}"\n', "tls.key"),
                              (f'certificate = "{self.certificate}"\nkey = "{self.key}"\nclient_ca = "/no.pem"\n', "/no.pem"),
                              ('certificate = "credential:x"\nkey = "credential:y"\n', "LoadCredential="),
                              ("", "tls.certificate")):
            with self.subTest(named=named):
                node = self.node(config, ("--listen", f"https://127.0.0.1:{free_port()}"), tls=False, wait=False)
                self.assertNotEqual(node.ended(), 0)
                self.assertIn(named, node.log())

    def test_clients_show_one_where_that_is_asked(self):
        node = self.node(f'client_ca = "{self.authority.file}"\n')
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.ask(node, "GET", "/api/version")
        stranger = Authority(self.enterContext(tempfile.TemporaryDirectory()), "stranger").sign("client")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.ask(node, "GET", "/api/version", context=self.trust(stranger))
        ours = self.authority.sign("client")
        self.assertEqual(self.ask(node, "GET", "/api/version", context=self.trust(ours))[0], 200)

    def test_credentials_of_systemd_are_read(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "cert").write_bytes(pathlib.Path(self.certificate).read_bytes())
        (folder / "key").write_bytes(pathlib.Path(self.key).read_bytes())
        self.certificate, self.key = "credential:cert", "credential:key"
        node = self.node(more={"CREDENTIALS_DIRECTORY": str(folder)})
        self.assertEqual(self.ask(node, "GET", "/api/version")[0], 200)

    def test_its_end_is_a_series(self):
        node = self.node()
        text = ask(node.port, "GET", "/metrics")[1]
        found = [line for line in text.splitlines() if line.startswith("conductor_tls_certificate_expiry_seconds ")]
        self.assertEqual(len(found), 1)
        end = ssl.cert_time_to_seconds(self.secure(node).getpeercert()["notAfter"])
        self.assertEqual(float(found[0].split()[1]), end)


class Backend(World):
    """A node in front of a node under TLS."""

    def server(self, says):
        """(port, what it was told) of one that says that to everybody."""
        seen, listener = [], socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def answer():
            with contextlib.suppress(OSError):
                while True:
                    s, _ = listener.accept()
                    with s, contextlib.suppress(OSError):
                        s.settimeout(PATIENCE)
                        seen.append(s.recv(65536))
                        s.sendall(says)

        threading.Thread(target=answer, daemon=True).start()
        return listener.getsockname()[1], seen

    def backends(self, node):
        return json.loads(ask(node.port, "GET", "/conductor/v1/backends")[1])

    def front(self, url, config="", more=None):
        node = self.node(config, tls=False, backends=[f"far={url}"], more=more)
        return node

    def test_it_is_verified_and_answers_pass_unchanged(self):
        far = self.node()
        near = self.front(f"https://localhost:{far.secure}", f'backend_ca = "{self.authority.file}"\n')
        until("readiness", lambda: ask(near.port, "GET", "/readyz")[0] == 200)
        set_script(self.ollama, records=2000, size=1000)
        status, text = ask(near.port, "POST", "/api/generate", {"model": "canned", "prompt": "y" * 500_000})
        self.assertEqual(status, 200)
        records = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(len(records), 2001)
        self.assertTrue(records[-1]["done"])

    def test_one_that_is_added_later_is_verified_by_whom_the_system_trusts(self):
        far = self.node()
        near = self.node(tls=False, more={"SSL_CERT_FILE": str(self.authority.file)})
        status, text = ask(near.port, "PUT", "/conductor/v1/backends/far", {"url": f"https://localhost:{far.secure}"})
        self.assertEqual(status, 200, text)
        until("it is up", lambda: {"far": "up"}.items() <= {
            b["name"]: b["state"] for b in self.backends(near)["backends"]}.items())
        answer = ask(near.port, "POST", "/api/generate", {"model": "canned", "prompt": "hi", "stream": False},
                     {"X-Conductor-Backend": "far"})
        self.assertEqual(answer[0], 200, answer[1])

    def test_an_address_is_verified_as_one(self):
        far = self.node()
        near = self.front(f"https://127.0.0.1:{far.secure}", f'backend_ca = "{self.authority.file}"\n')
        until("readiness", lambda: ask(near.port, "GET", "/readyz")[0] == 200)

    def test_one_who_cannot_be_trusted_is_down_with_the_reason(self):
        far = self.node()
        named, _ = self.authority.sign("elsewhere", names="DNS:elsewhere.example")
        for config, reason in (("", "unable to get local issuer certificate"),
                               (f'backend_ca = "{Authority(self.enterContext(tempfile.TemporaryDirectory())).file}"\n',
                                "")):
            near = self.front(f"https://localhost:{far.secure}", config)
            said = until("the reason", lambda: [b for b in self.backends(near)["backends"] if b.get("error")])
            self.assertEqual(said[0]["state"], "down")
            self.assertIn("certificate is refused: " + reason, said[0]["error"])
        self.certificate, self.key = named, named.replace(".pem", ".key")
        other = self.node()
        near = self.front(f"https://localhost:{other.secure}", f'backend_ca = "{self.authority.file}"\n')
        said = until("the reason", lambda: [b for b in self.backends(near)["backends"] if b.get("error")])
        self.assertIn("hostname mismatch", said[0]["error"])

    def test_one_that_speaks_no_tls_is_down_with_the_reason(self):
        near = self.front(f"https://127.0.0.1:{self.server(b'HTTP/1.1 400 Bad Request')[0]}")
        said = until("the reason", lambda: [b for b in self.backends(near)["backends"] if b.get("error")])
        self.assertIn("TLS: wrong version number", said[0]["error"])

    def test_one_that_never_agrees_is_down_in_time(self):
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", 0))
            mute.listen(64)
            near = self.front(f"https://127.0.0.1:{mute.getsockname()[1]}",
                              '[upstream]\nhandshake_timeout = "300ms"\n')
            said = until("the reason", lambda: [b for b in self.backends(near)["backends"] if b.get("error")])
            self.assertIn("upstream.handshake_timeout", said[0]["error"])

    def test_it_is_shown_a_certificate_where_it_asks(self):
        far = self.node(f'client_ca = "{self.authority.file}"\n')
        certificate, key = self.authority.sign("front")
        near = self.front(f"https://localhost:{far.secure}",
                          f'backend_ca = "{self.authority.file}"\nbackend_certificate = "{certificate}"\n'
                          f'backend_key = "{key}"\n')
        until("readiness", lambda: ask(near.port, "GET", "/readyz")[0] == 200)
        bare = self.front(f"https://localhost:{far.secure}", f'backend_ca = "{self.authority.file}"\n')
        until("the reason", lambda: [b for b in self.backends(bare)["backends"] if b.get("error")])

    def test_its_token_comes_from_a_file_and_is_shown_nowhere(self):
        port, seen = self.server(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n"
                                 b"Connection: close\r\n\r\n{\"version\":\"1\"}\n")
        token = self.folder / "token"
        token.write_text("s3cret-word\n")
        near = self.node(f'[[backend]]\nname = "far"\nurl = "http://127.0.0.1:{port}"\ntoken_file = "{token}"\n', tls=False,
                         backends=[], wait=False).ready()
        until("a request", lambda: seen)
        self.assertIn(b"\r\nAuthorization: Bearer s3cret-word\r\n", seen[0])
        ask(near.port, "GET", "/api/version", headers={"Authorization": "Bearer of-the-client"})
        self.assertNotIn("of-the-client", b"".join(seen).decode())
        shown = subprocess.run([NODE, "config", "show", "--config", str(near.config)], capture_output=True, text=True)
        self.assertIn(str(token), shown.stdout)
        everywhere = shown.stdout + near.log() + ask(near.port, "GET", "/metrics")[1] + \
            ask(near.port, "GET", "/conductor/v1/backends")[1] + ask(near.port, "GET", "/conductor/v1/status")[1]
        self.assertNotIn("s3cret", everywhere)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
