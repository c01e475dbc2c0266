"""`conductor doctor`: finds what is planted, and says what to do."""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "guards"), str(TESTS / "support")]
from certificates import Authority  # noqa: E402
from processes import ask, conductor, free_port, until  # noqa: E402

PROGRAM, DIRECT, NODE = os.environ["CONDUCTOR"], os.environ["OLLAMA_URL"], os.environ["CONDUCTOR_URL"]
# A variable that Conductor does not know is what the doctor finds, too.
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("CONDUCTOR")}
OLLAMA = int(DIRECT.rpartition(":")[2])


def doctor(*words, **variables):
    return subprocess.run([PROGRAM, "doctor", *words], capture_output=True, text=True, timeout=30, check=False,
                          stdin=subprocess.DEVNULL, env={**CLEAN, **variables})


def checks(host, *words, **variables):
    result = doctor("--json", "--host", host, *words, **variables)
    told = json.loads(result.stdout)
    assert result.returncode == (1 if told["failed"] else 0), result
    return {c["check"]: c for c in told["checks"]}, told


class Doctor(unittest.TestCase):
    def test_a_node_that_is_well_fails_nothing(self):
        found, told = checks(NODE)
        self.assertEqual(told["failed"], 0, found)
        for what in ("configuration", "node", "threads", "queue", "files", "backend ollama", "models", "gpu"):
            self.assertEqual(found[what]["state"], "ok", what)

    def test_it_reads_as_a_list_with_advice(self):
        result = doctor("--host", f"127.0.0.1:{free_port()}")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r"(?m)^failed +node +no Conductor node answers at .*conductor serve$")
        self.assertRegex(result.stdout, r"\d checks? failed")
        self.assertNotIn("\x1b", result.stdout, "no colour where there is no terminal")

    def test_without_a_node_it_looks_at_what_one_would_need(self):
        away = free_port()
        found, _ = checks(f"127.0.0.1:{away}", CONDUCTOR_SERVER_LISTEN=NODE.removeprefix("http://"),
                          CONDUCTOR_BACKENDS=f"dead=http://127.0.0.1:{free_port()},well={DIRECT}")
        self.assertEqual(found["node"]["state"], "failed")
        self.assertEqual(found["listening"]["state"], "failed")
        self.assertIn("another program listens there", found["listening"]["found"])
        self.assertEqual(found["backend dead"]["state"], "failed")
        self.assertIn("ollama serve", found["backend dead"]["advice"])
        self.assertEqual(found["backend well"]["state"], "ok")

    def test_certificates_that_end_soon_or_are_none_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = Authority(folder)

            def certificate(days, key=None):
                made, own = authority.sign(f"c{days}", days=days)
                found, _ = checks(f"127.0.0.1:{free_port()}", CONDUCTOR_SERVER_LISTEN=f"https://127.0.0.1:{free_port()}",
                                  CONDUCTOR_TLS_CERTIFICATE=made, CONDUCTOR_TLS_KEY=key or own)
                return found["certificate"]

            self.assertEqual(certificate(90)["state"], "ok")
            self.assertEqual(certificate(3)["state"], "warning")
            self.assertRegex(certificate(3)["found"], "ends in [23] days")
            self.assertEqual(certificate(90, "/no/such.key")["state"], "failed")
            found, _ = checks(f"127.0.0.1:{free_port()}", CONDUCTOR_TLS_BACKEND_CA="/no/such.pem")
            self.assertIn("/no/such.pem", found["certificates of backends"]["found"])

    def test_what_answers_may_be_something_else(self):
        found, _ = checks(DIRECT)
        self.assertIn("no Conductor node", found["node"]["found"])
        self.assertIn("--host", found["node"]["advice"])

    def test_a_backend_that_is_down_is_named(self):
        with conductor(PROGRAM, OLLAMA, "--backend", f"dead=http://127.0.0.1:{free_port()}") as node:
            until("both looked at", lambda: '"state":"unknown"' not in ask(node.port, "GET", "/conductor/v1/status")[1])
            found, told = checks(f"127.0.0.1:{node.port}")
        self.assertEqual(found["backend dead"]["state"], "failed")
        self.assertEqual(told["failed"], 1, found)

    def test_a_configuration_that_cannot_be_is_quoted(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "conductor.toml"
            file.write_text("[queue]\nlimit = -1\n")
            found, _ = checks(NODE, "--config", str(file))
            self.assertEqual(found["configuration"]["state"], "failed")
            self.assertIn("conductor.toml:2: queue.limit", found["configuration"]["found"])
            file.write_text("[queue]\nlimit = 10\n")
            file.chmod(0o666)
            found, _ = checks(NODE, "--config", str(file))
            self.assertEqual(found["configuration"]["state"], "warning")

    def told_by(self, **bodies):
        """The checks of a node that tells so, by the last word of the path."""
        class Node(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(bodies.get(self.path.rpartition("/")[2], {})).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return checks(f"127.0.0.1:{server.server_port}")[0]

    def test_a_model_on_the_cpu_is_a_warning_where_there_is_a_gpu(self):
        spilled = {"backend": "one", "model": "large", "size_bytes": 4 * 10**9, "gpu_bytes": 10**9, "gpu_ratio": .25}
        gpu = {"index": 0, "name": "H100", "state": "up"}
        found = self.told_by(status={"version": "1"}, gpus={"gpus": [gpu], "models": [spilled]})
        self.assertEqual(found["placement"]["state"], "warning")
        self.assertIn("1 GB of 4 GB are on GPUs", found["placement"]["found"])
        self.assertIn("num_ctx", found["placement"]["advice"])
        alone = self.told_by(status={"version": "1"},
                             gpus={"gpus": [], "models": [spilled | {"gpu_bytes": 0, "gpu_ratio": 0}]})
        self.assertEqual(alone["placement"]["state"], "ok")

    def test_a_gpu_that_is_lost_fails(self):
        found = self.told_by(status={"version": "1"},
                             gpus={"gpus": [{"index": 1, "name": "H100", "state": "lost"}], "models": []})
        self.assertEqual(found["gpu"]["state"], "failed")

    def test_a_queue_that_is_nearly_full_and_a_store_that_fails(self):
        found = self.told_by(status={"version": "1", "generations_in_flight": 3, "queue": {"waiting": 90, "limit": 100},
                                     "store": {"state": "failed", "error": "disk full"}})
        self.assertEqual(found["queue"]["state"], "warning")
        self.assertEqual(found["store"]["state"], "failed")
        self.assertIn("disk full", found["store"]["found"])

    def test_backends_of_two_versions_and_one_that_hangs_are_warnings(self):
        def backend(name, version, **more):
            return {"name": name, "url": DIRECT, "state": "up", "version": version, **more}

        found = self.told_by(status={"version": "1", "backends": [
            backend("one", "0.1", zombies=2), backend("two", "0.2", draining=True), backend("three", "0.2", tripped=True)]})
        self.assertEqual(found["versions"]["state"], "warning")
        self.assertIn("given up", found["backend one"]["found"])
        self.assertIn("undrain two", found["backend two"]["advice"])
        self.assertIn("keep failing", found["backend three"]["found"])

    def test_a_backend_that_was_not_heard_from_yet_is_not_judged(self):
        found = self.told_by(status={"version": "1", "backends": [{"name": "new", "url": DIRECT, "state": "unknown"}]})
        self.assertEqual(found["backend new"]["state"], "skipped", found["backend new"])

    def test_a_store_that_cannot_be_written_fails(self):
        with tempfile.NamedTemporaryFile() as file:
            found, _ = checks(f"127.0.0.1:{free_port()}", CONDUCTOR_STORE_DATA_DIR=f"{file.name}/within")
        self.assertEqual(found["store"]["state"], "failed", found["store"])

    def test_few_files_are_a_warning(self):
        with conductor(PROGRAM, OLLAMA, before=("prlimit", "--nofile=1000:1000")) as node:
            found, _ = checks(f"127.0.0.1:{node.port}")
        self.assertEqual(found["files"]["state"], "warning")
        self.assertIn("LimitNOFILE", found["files"]["advice"])


if __name__ == "__main__":
    unittest.main()
