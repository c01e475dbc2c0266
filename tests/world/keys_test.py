"""Who may do what, asked of a running node: keys_test.py CONDUCTOR SCRIPTED_OLLAMA. A request
with X-Forwarded-For stands for one from another machine."""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guards"))
from processes import Program, ask, conductor, free_port, scripted_ollama, set_script, stats, until  # noqa: E402

NODE, OLLAMA = sys.argv[1:3]
KEYS = "/conductor/v1/keys"
SESSIONS = "/conductor/v1/sessions"
ELSEWHERE = {"X-Forwarded-For": "203.0.113.7"}


def bearer(key):
    return {**ELSEWHERE, "Authorization": "Bearer " + key}


def answer(port, method, path, body=None, headers=None):
    """Status, headers and body of one answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(connection):
        connection.request(method, path, None if body is None else json.dumps(body), headers or {})
        a = connection.getresponse()
        return a.status, dict(a.getheaders()), a.read().decode()


def make(port, name, headers=None, **wish):
    status, body = ask(port, "POST", KEYS, {"name": name, **wish}, headers)
    assert status == 201, body
    return json.loads(body)


def generate(port, headers, model="canned", script=None, path="/api/generate", **more):
    body = {"model": model, "prompt": "hi", "messages": [{"role": "user", "content": "hi"}], "input": "hi",
            "stream": False, "max_tokens": 9, **more}
    if script is not None:
        body["options"] = {"script": script}
    return answer(port, "POST", path, body, headers)


class World(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ollama = scripted_ollama(OLLAMA)
        cls.data = tempfile.TemporaryDirectory(prefix="conductor-keys-")
        cls.node = conductor(NODE, cls.ollama.port, "--data-dir", cls.data.name)
        cls.port = cls.node.port

    @classmethod
    def tearDownClass(cls):
        cls.node.end()
        cls.ollama.end()
        cls.data.cleanup()


class Who(World):
    """Each way of showing a key, and what comes without one."""

    def test_this_machine_needs_none_and_another_does(self):
        self.assertEqual(ask(self.port, "GET", "/api/tags")[0], 200)
        for name in ("X-Forwarded-For", "Forwarded", "Via"):
            status, headers, body = answer(self.port, "GET", "/api/tags", headers={name: "x"})
            self.assertEqual(status, 401, name)
            self.assertTrue(headers["WWW-Authenticate"].startswith("Bearer"))
            self.assertIn("conductor keys create", json.loads(body)["error"])

    def test_what_is_open_stays_open(self):
        for method, path in (("HEAD", "/"), ("GET", "/"), ("GET", "/healthz"), ("GET", "/readyz"),
                             ("HEAD", "/t/cnd_no_key/")):
            self.assertEqual(ask(self.port, method, path, headers=ELSEWHERE)[0], 200, path)
        preflight = {**ELSEWHERE, "Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
        status, headers, _ = answer(self.port, "OPTIONS", "/api/chat", headers=preflight)
        self.assertEqual(status, 204)
        self.assertIn("Authorization", headers["Access-Control-Allow-Headers"])
        self.assertIn("X-Api-Key", headers["Access-Control-Allow-Headers"])

    def test_a_key_is_taken_in_every_way(self):
        key = make(self.port, "ways")["key"]
        for headers, path in (({"Authorization": "Bearer " + key}, "/api/tags"),
                              ({"authorization": "bearer " + key}, "/api/tags"),
                              ({"x-api-key": key}, "/api/tags"),
                              ({"Authorization": "Bearer ollama", "x-api-key": key}, "/api/tags"),
                              ({}, f"/t/{key}/api/tags"), ({}, f"/t/{key}/v1/models")):
            self.assertEqual(ask(self.port, "GET", path, headers={**ELSEWHERE, **headers})[0], 200, (headers, path))

    def test_a_wrong_key_is_refused_also_from_this_machine(self):
        good = make(self.port, "wrong")["key"]
        bad = good[:-1] + ("a" if good[-1] != "a" else "b")
        for headers, path in (({"Authorization": "Bearer " + bad}, "/api/tags"), ({"x-api-key": bad}, "/api/tags"),
                              ({}, f"/t/{bad}/api/tags"), ({}, "/t/nonsense/api/tags"),
                              ({"Authorization": "Bearer cnd_unknown_key"}, "/api/tags")):
            self.assertEqual(ask(self.port, "GET", path, headers=headers)[0], 401, (headers, path))
        # What other programs send for want of a key is none.
        for headers in ({"Authorization": "Bearer ollama"}, {"x-api-key": "sk-ant-x"},
                        {"Authorization": "Basic eDp5"}):
            self.assertEqual(ask(self.port, "GET", "/api/tags", headers=headers)[0], 200, headers)
            self.assertEqual(ask(self.port, "GET", "/api/tags", headers={**ELSEWHERE, **headers})[0], 401, headers)

    def test_a_connection_goes_on_after_a_refusal_whose_body_was_read(self):
        key = make(self.port, "held", models=["other"])["key"]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        for expected in (403, 403):
            connection.request("POST", "/api/generate", json.dumps({"model": "canned", "prompt": "x"}), bearer(key))
            reply = connection.getresponse()
            self.assertEqual(reply.status, expected)
            self.assertIn("canned", reply.read().decode())
        connection.request("GET", "/api/tags", headers=bearer(key))
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()

    def test_no_key_goes_to_ollama_or_into_the_log(self):
        made = make(self.port, "quiet")
        secret = made["key"].rsplit("_", 1)[1]
        for headers, path in ((bearer(made["key"]), "/api/generate"), ({**ELSEWHERE, "x-api-key": made["key"]}, "/api/generate"),
                              (ELSEWHERE, f"/t/{made['key']}/api/generate")):
            self.assertEqual(generate(self.port, headers, path=path)[0], 200)
        ask(self.port, "GET", f"/t/{made['key']}x/api/tags")
        # Also where a key does not belong.
        for path in (f"//t/{made['key']}/api/tags", f"/t/{made['key']}/t/{made['key']}/api/tags",
                     f"/api/{made['key']}", f"/conductor/v1/{made['key']}", f"/api/tags?key={made['key']}"):
            ask(self.port, "GET", path, headers=bearer(made["key"]))
        ask(self.port, "DELETE", f"/t/{made['key']}/api/delete", {"model": "canned"}, ELSEWHERE)
        generate(self.port, bearer(made["key"]), model=made["key"])
        narrow = make(self.port, "narrow", models=["other"])["key"]
        self.assertEqual(generate(self.port, bearer(narrow), model=made["key"])[0], 403)
        generate(self.port, {**bearer(made["key"]), "X-Request-Id": made["key"]})
        self.assertNotIn(secret, self.node.log())
        self.assertNotIn(secret, self.ollama.log())
        for path in ("/metrics", "/conductor/v1/requests", f"{KEYS}/{made['id']}", "/conductor/v1/status"):
            self.assertNotIn(secret, ask(self.port, "GET", path)[1])
        self.assertNotIn(secret, (pathlib.Path(self.data.name) / "keys.json").read_text())


class May(World):
    """Scopes, models, owners."""

    ROUTES = {
        "inference": [("POST", "/api/generate", {"model": "canned", "prompt": "x", "stream": False}),
                      ("GET", "/api/tags", None), ("GET", "/v1/models", None), ("POST", "/api/show", {"model": "canned"}),
                      ("GET", "/api/version", None), ("GET", "/api/ps", None)],
        "sessions": [("GET", SESSIONS, None), ("POST", SESSIONS, {"model": "canned"})],
        "models": [("POST", "/api/pull", {"model": "canned"}), ("DELETE", "/api/delete", {"model": "none"}),
                   ("POST", "/api/copy", {"source": "a", "destination": "b"}),
                   ("POST", "/conductor/v1/models/unload", {"model": "canned"})],
        "admin": [("GET", KEYS, None), ("GET", "/conductor/v1/backends", None), ("GET", "/conductor/v1/status", None),
                  ("GET", "/conductor/v1/queue", None), ("GET", "/metrics", None), ("GET", "/conductor/v1/backup", None),
                  ("GET", "/conductor/v1/gpus", None)],
    }

    def test_each_scope_lets_in_where_it_is_needed_and_nowhere_else(self):
        for have in self.ROUTES:
            key = make(self.port, "only-" + have, scopes=[have])["key"]
            for need, routes in self.ROUTES.items():
                for method, path, body in routes:
                    status, text = ask(self.port, method, path, body, bearer(key))
                    if have == need:
                        self.assertNotIn(status, (401, 403), (have, method, path, text))
                    else:
                        self.assertEqual(status, 403, (have, method, path, text))
                        self.assertIn(f'\\"{need}\\"', text)

    def test_a_key_is_held_to_its_models(self):
        key = make(self.port, "held", models=["canned"], scopes=["inference", "sessions", "models"])["key"]
        self.assertEqual(generate(self.port, bearer(key))[0], 200)
        self.assertEqual(generate(self.port, bearer(key), model="canned:latest")[0], 200)
        for path, body in (("/api/generate", {"model": "else", "prompt": "x"}), ("/api/show", {"model": "else"}),
                           ("/v1/chat/completions", {"model": "else", "messages": []}), ("/api/generate", {"prompt": "x"}),
                           ("/api/copy", {"source": "else", "destination": "canned"})):
            self.assertEqual(ask(self.port, "POST", path, body, bearer(key))[0], 403, path)
        # A session's model is its own affair until somebody speaks.
        session = json.loads(ask(self.port, "POST", SESSIONS, {"model": "else"}, bearer(key))[1])["id"]
        status, text = ask(self.port, "POST", f"{SESSIONS}/{session}/messages", {"content": "x"}, bearer(key))
        self.assertEqual(status, 403, text)

    def test_a_key_that_is_held_to_models_is_told_of_no_others(self):
        status, headers, _ = generate(self.port, {}, model="thinker")  # which is in memory now
        self.assertEqual(status, 200)
        backend = headers["X-Conductor-Backend"]
        for wish, seen in ((["canned"], {"canned:latest"}), (["think*", "can*"], {"canned:latest", "thinker:latest"}),
                           (["none"], set())):
            key = make(self.port, "lists-" + str(len(seen)), models=wish)["key"]
            for headers in (bearer(key), {**bearer(key), "X-Conductor-Backend": backend}):
                listed = json.loads(ask(self.port, "GET", "/api/tags", headers=headers)[1])["models"]
                self.assertEqual({m["name"] for m in listed}, seen)
                listed = json.loads(ask(self.port, "GET", "/v1/models", headers=headers)[1])["data"] or []
                self.assertEqual({m["id"] for m in listed}, seen)
                listed = json.loads(ask(self.port, "GET", "/api/ps", headers=headers)[1])["models"]
                self.assertLessEqual({m["name"] for m in listed}, seen)
            self.assertEqual(ask(self.port, "GET", "/v1/models/thinker", headers=bearer(key))[0],
                             200 if "thinker:latest" in seen else 404)
        # For all others the backend's own bytes.
        free = make(self.port, "lists-all")["key"]
        for path in ("/api/tags", "/v1/models"):
            self.assertEqual(ask(self.port, "GET", path, headers=bearer(free)), ask(self.ollama.port, "GET", path), path)

    def test_another_keys_session_is_not_there(self):
        one, two = make(self.port, "one")["key"], make(self.port, "two")["key"]
        boss = make(self.port, "boss", scopes=["sessions", "admin"])["key"]
        made = json.loads(ask(self.port, "POST", SESSIONS, {"model": "canned", "title": "of one"}, bearer(one))[1])["id"]
        at = f"{SESSIONS}/{made}"
        status, said = ask(self.port, "POST", at + "/messages", {"content": "x"}, bearer(one))
        self.assertEqual(status, 200, said)
        for method, path, body in (("GET", at, None), ("PATCH", at, {"title": "x"}), ("DELETE", at, None),
                                   ("POST", at + "/messages", {"content": "x"}), ("GET", at + "/messages/1", None),
                                   ("POST", at + "/fork", {}), ("POST", at + "/rewind", {"message": 0}),
                                   ("POST", at + "/regenerate", {}), ("POST", at + "/cancel", {}),
                                   ("GET", at + "/events", None), ("GET", at + "/export", None),
                                   ("GET", f"/v1/responses/resp_{made}_2", None)):
            self.assertEqual(ask(self.port, method, path, body, bearer(two))[0], 404, path)
        listed = lambda key: [s["id"] for s in json.loads(ask(self.port, "GET", SESSIONS, headers=bearer(key))[1])["sessions"]]  # noqa: E731
        self.assertIn(made, listed(one))
        self.assertNotIn(made, listed(two))
        self.assertIn(made, listed(boss))
        self.assertEqual(ask(self.port, "GET", at, headers=bearer(boss))[0], 200)
        self.assertEqual(ask(self.port, "GET", at)[0], 200)
        copy = json.loads(ask(self.port, "POST", at + "/fork", {}, bearer(one))[1])["id"]
        self.assertIn(copy, listed(one))
        self.assertNotIn(copy, listed(two))

    def test_an_idempotency_key_meets_no_other_owners(self):
        one, two = make(self.port, "idem-1")["key"], make(self.port, "idem-2")["key"]
        ids = [json.loads(ask(self.port, "POST", SESSIONS, {"model": "canned"}, {**bearer(k), "Idempotency-Key": "same"})[1])["id"]
               for k in (one, two, one)]
        self.assertEqual(ids[0], ids[2])
        self.assertNotEqual(ids[0], ids[1])

    def test_a_key_sees_and_ends_only_its_own_requests(self):
        one, two = make(self.port, "req-1")["key"], make(self.port, "req-2")["key"]
        self.assertEqual(generate(self.port, {**bearer(one), "X-Request-Id": "of-one"})[0], 200)

        def ended(key):
            body = json.loads(ask(self.port, "GET", "/conductor/v1/requests", headers=bearer(key))[1])
            return [(r["id"], r.get("key"), r.get("flow")) for r in body["requests"]]

        until("the request to be told", lambda: ("of-one", "req-1", "key req-1") in ended(one))
        self.assertNotIn("of-one", [r[0] for r in ended(two)])
        self.assertEqual(ask(self.port, "GET", "/conductor/v1/requests/of-one", headers=bearer(one))[0], 200)
        self.assertEqual(ask(self.port, "GET", "/conductor/v1/requests/of-one", headers=bearer(two))[0], 404)
        slow = [{"pause_ms": 600000}]
        got = []
        thread = threading.Thread(target=lambda: got.append(generate(
            self.port, {**bearer(one), "X-Request-Id": "slow"}, script={"first_ms": 600000}, stream=True)), daemon=True)
        del slow
        thread.start()
        running = lambda key: [g["id"] for g in json.loads(ask(self.port, "GET", "/conductor/v1/generations", headers=bearer(key))[1])["generations"]]  # noqa: E731
        try:
            until("the answer to be under way", lambda: "slow" in running(one))
            self.assertEqual(running(two), [])
            stop = "/conductor/v1/generations/slow/cancel"
            self.assertEqual(json.loads(ask(self.port, "POST", stop, {}, bearer(two))[1]), {"cancelled": False})
            self.assertEqual(json.loads(ask(self.port, "POST", stop, {}, bearer(one))[1]), {"cancelled": True})
        finally:
            ask(self.port, "POST", "/conductor/v1/generations/slow/cancel", {})
            thread.join(20)

    def test_a_class_is_capped(self):
        key = make(self.port, "low", **{"class": "batch"})["key"]
        headers = {**bearer(key), "X-Conductor-Class": "interactive", "X-Request-Id": "capped"}
        self.assertEqual(generate(self.port, headers)[0], 200)

        def seen():
            body = json.loads(ask(self.port, "GET", "/conductor/v1/requests")[1])
            return [r["class"] for r in body["requests"] if r["id"] == "capped"]

        self.assertEqual(until("the request to be told", seen), ["batch"])

    def test_users_in_headers_count_only_where_the_key_is_trusted(self):
        flows = {}
        for name, trusted in (("web", True), ("nobody", False)):
            key = make(self.port, name, trusted=trusted)["key"]
            generate(self.port, {**bearer(key), "X-OpenWebUI-User-Id": "u1", "X-Request-Id": name})

            def seen():
                body = json.loads(ask(self.port, "GET", "/conductor/v1/requests")[1])
                return [r["flow"] for r in body["requests"] if r["id"] == name]  # noqa: B023

            flows[name] = until("the request to be told", seen)
        self.assertEqual(flows, {"web": ["user u1"], "nobody": ["key nobody"]})


class Much(World):
    """Limits, and each refusal in each dialect."""

    def test_answers_in_a_minute_are_limited(self):
        key = make(self.port, "two-a-minute", requests_per_minute=2)["key"]
        self.assertEqual([generate(self.port, bearer(key))[0] for _ in range(3)], [200, 200, 429])
        status, headers, _ = generate(self.port, bearer(key))
        self.assertEqual(status, 429)
        self.assertTrue(1 <= int(headers["Retry-After"]) <= 30)
        # What makes no answer is not counted.
        self.assertEqual(ask(self.port, "GET", "/api/tags", headers=bearer(key))[0], 200)

    def test_turns_of_sessions_are_counted_too(self):
        key = make(self.port, "one-turn", requests_per_minute=1)["key"]
        at = f"{SESSIONS}/{json.loads(ask(self.port, 'POST', SESSIONS, {'model': 'canned'}, bearer(key))[1])['id']}/messages"
        self.assertEqual(ask(self.port, "POST", at, {"content": "x"}, bearer(key))[0], 200)
        self.assertEqual(ask(self.port, "POST", at, {"content": "x"}, bearer(key))[0], 429)

    def test_who_used_more_tokens_than_he_may_waits(self):
        made = make(self.port, "few-tokens", tokens_per_day=1)
        self.assertEqual(generate(self.port, bearer(made["key"]))[0], 200)
        used = lambda: json.loads(ask(self.port, "GET", f"{KEYS}/{made['id']}")[1])["used"]["tokens"]  # noqa: E731
        self.assertGreater(until("tokens to be charged", used), 1)
        self.assertEqual(generate(self.port, bearer(made["key"]))[0], 429)

    def test_answers_at_once_are_limited(self):
        key = make(self.port, "one-at-once", parallel=1)["key"]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("POST", "/api/generate", json.dumps(
            {"model": "canned", "prompt": "x", "options": {"script": {"first_ms": 600000}}}), bearer(key))
        until("the first to be under way",
              lambda: json.loads(ask(self.port, "GET", "/conductor/v1/generations")[1])["generations"])
        try:
            until("the second to be refused", lambda: generate(self.port, bearer(key))[0] == 429)
        finally:
            connection.close()
        until("the place to be free", lambda: generate(self.port, bearer(key))[0] == 200)

    def test_every_refusal_is_in_the_clients_words(self):
        wrong = bearer("cnd_no_key")
        nothing = bearer(make(self.port, "nothing", scopes=["admin"])["key"])
        little = bearer(make(self.port, "little", requests_per_day=1)["key"])
        generate(self.port, little)
        for headers, status in ((wrong, 401), (nothing, 403), (little, 429)):
            got, _, body = generate(self.port, headers)
            words = json.loads(body)
            self.assertEqual((got, words.pop("status", None)), (status, words["error"] if status == 401 else None))
            self.assertEqual(list(words), ["error"])
            for path in ("/v1/chat/completions", "/v1/responses"):
                got, _, body = generate(self.port, headers, path=path)
                self.assertEqual(got, status)
                code = {401: "invalid_api_key", 403: "insufficient_permissions", 429: "rate_limit_exceeded"}[status]
                self.assertEqual(json.loads(body)["error"]["code"], code)
            got, _, body = generate(self.port, headers, path="/v1/messages")
            kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}[status]
            self.assertEqual((got, json.loads(body)["type"], json.loads(body)["error"]["type"]), (status, "error", kind))
        got, answer_headers, body = answer(self.port, "GET", SESSIONS, headers=nothing)
        self.assertEqual((got, json.loads(body)["code"]), (403, "forbidden"))
        self.assertEqual(answer_headers["Content-Type"], "application/problem+json")

    def test_refusals_and_use_are_series_and_lines_of_the_audit(self):
        made = make(self.port, "seen", requests_per_day=1)
        generate(self.port, bearer(made["key"]))
        generate(self.port, bearer(made["key"]))
        ask(self.port, "GET", KEYS, headers=bearer(made["key"]))
        ask(self.port, "GET", "/api/tags", headers=ELSEWHERE)
        text = ask(self.port, "GET", "/metrics")[1]
        for outcome in ("admitted", "limited", "forbidden"):
            self.assertIn(f'conductor_key_requests_total{{key="seen",outcome="{outcome}"}} 1', text)
        self.assertRegex(text, r'conductor_refusals_total\{reason="unauthenticated"\} [1-9]')
        log = until("the log", lambda: self.node.log() if "audit peer" in self.node.log() else "")
        self.assertRegex(log, r"audit key seen from 127\S+: GET /conductor/v1/keys status=403")
        self.assertRegex(log, r"audit key seen from 127\S+: POST /api/generate status=429")
        self.assertRegex(log, r"audit peer 127\S+: POST /conductor/v1/keys status=201")
        self.assertRegex(log, r"audit peer 127\S+: GET /api/tags status=401")


class Life(World):
    """Keys come, change and go."""

    def test_a_key_is_told_once_and_changed_rotated_revoked(self):
        made = make(self.port, "life", scopes=["inference"])
        at = f"{KEYS}/{made['id']}"
        shown = json.loads(ask(self.port, "GET", at)[1])
        self.assertFalse({"key", "salt", "digest"} & set(shown))
        self.assertEqual(ask(self.port, "GET", SESSIONS, headers=bearer(made["key"]))[0], 403)
        status, body = ask(self.port, "PATCH", at, {"scopes": ["inference", "sessions"], "requests_per_minute": 5})
        self.assertEqual((status, json.loads(body)["requests_per_minute"]), (200, 5))
        self.assertEqual(ask(self.port, "GET", SESSIONS, headers=bearer(made["key"]))[0], 200)
        fresh = json.loads(ask(self.port, "POST", at + "/rotate")[1])["key"]
        self.assertEqual(ask(self.port, "GET", "/api/tags", headers=bearer(made["key"]))[0], 401)
        self.assertEqual(ask(self.port, "GET", "/api/tags", headers=bearer(fresh))[0], 200)
        self.assertEqual(ask(self.port, "DELETE", at)[0], 200)
        self.assertEqual(ask(self.port, "GET", "/api/tags", headers=bearer(fresh))[0], 401)
        self.assertEqual(ask(self.port, "POST", at + "/rotate")[0], 400)
        make(self.port, "life")  # the name is free again

    def test_what_cannot_be_is_refused(self):
        make(self.port, "taken")
        for wish in ({}, {"name": ""}, {"name": "a b"}, {"name": "taken"}, {"name": "x", "scopes": []},
                     {"name": "x", "scopes": ["all"]}, {"name": "x", "class": "first"}, {"name": "x", "parallel": -1},
                     {"name": "x", "what": 1}, {"name": "x", "public_key": "ssh-rsa AAAA"}, {"name": "x", "models": ["a*b"]},
                     {"name": "x", "uid": 1 << 40}):
            status, body = ask(self.port, "POST", KEYS, wish)
            self.assertEqual(status, 400, (wish, body))
        self.assertEqual(ask(self.port, "GET", KEYS + "/none")[0], 404)
        self.assertEqual(ask(self.port, "DELETE", KEYS)[0], 405)

    def test_a_key_expires(self):
        made = make(self.port, "short", ttl_seconds=1)
        until("it to expire", lambda: ask(self.port, "GET", "/api/tags", headers=bearer(made["key"]))[0] == 401)

    def test_the_command_line_makes_and_uses_keys(self):
        def run(*args, key="", code=0):
            with Program([NODE, "keys", *args, "--host", f"127.0.0.1:{self.port}"],
                         more={"CONDUCTOR_API_KEY": key}) as p:
                self.assertEqual(p.ended(), code, p.log())
                return p.log()

        made = run("create", "shell", "--scope", "admin", "--rpm", "7", "--expires", "30d", "--json")
        key = json.loads(made)["key"]
        self.assertIn("7 requests/min", run("show", "shell", key=key))
        self.assertIn("shell", run("ls", key=key))
        self.assertNotIn(key, run("rotate", "shell", key=key))
        self.assertIn("not known", run("ls", key=key, code=1))
        self.assertIn("changed 'shell'", run("set", "shell", "--rpm", "9", "--reset", "expires"))
        shown = run("show", "shell")
        self.assertIn("9 requests/min", shown)
        self.assertRegex(shown, r"expires +never")
        run("revoke", "shell")
        self.assertNotIn("shell", run("ls"))
        self.assertIn("revoked", run("ls", "--all"))


class Ends(World):
    """What is under way by a key that counts no longer."""

    SLOW = {"records": 100000, "gap_ms": 5}

    @contextlib.contextmanager
    def streamed(self, path, body, key, headers=None, method="POST"):
        """An answer whose first bytes came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), {**bearer(key), **(headers or {})})
            reply = connection.getresponse()
            self.assertEqual(reply.status, 200)
            self.assertTrue(reply.read1(65536))
            yield reply

    def revoke(self, made):
        self.assertEqual(ask(self.port, "DELETE", f"{KEYS}/{made['id']}")[0], 200)

    def outcomes(self, name):
        body = json.loads(ask(self.port, "GET", "/conductor/v1/requests")[1])
        return [r["outcome"] for r in body["requests"] if r.get("key") == name]

    def test_streams_end_with_an_error_in_the_clients_words(self):
        said = [{"role": "user", "content": "hi"}]
        for i, (path, more) in enumerate((("/api/generate", {"prompt": "x"}), ("/api/chat", {"messages": said}),
                                          ("/v1/chat/completions", {"messages": said}),
                                          ("/v1/messages", {"messages": said, "max_tokens": 9}))):
            made = make(self.port, f"streams-{i}")
            body = {"model": "canned", "stream": True, "options": {"script": self.SLOW}, **more}
            set_script(self.ollama, **self.SLOW)
            try:
                with self.streamed(path, body, made["key"]) as reply:
                    self.revoke(made)
                    rest = reply.read().decode()  # whole: the error is a record of the stream
            finally:
                set_script(self.ollama)
            self.assertIn("counts no longer", rest.splitlines()[-1] or rest.splitlines()[-2], path)
            self.assertEqual(until("the request to be told", lambda: self.outcomes(made["name"])), ["key_revoked"])  # noqa: B023
        until("every place to be given back", lambda: stats(self.ollama)["in_flight"] == 0)
        self.assertIn("counts no longer", self.node.log())

    def test_an_answer_that_waits_is_refused(self):
        made = make(self.port, "waits")
        got = []
        thread = threading.Thread(daemon=True, target=lambda: got.append(
            generate(self.port, bearer(made["key"]), script={"first_ms": 600_000})))
        thread.start()
        until("it to be under way", lambda: stats(self.ollama)["in_flight"] == 1)
        self.revoke(made)
        thread.join(20)
        self.assertEqual(got[0][0], 401)
        self.assertIn("counts no longer", got[0][2])
        until("Ollama to be left alone", lambda: stats(self.ollama)["in_flight"] == 0)

    def test_a_stream_that_is_silent_ends_too(self):
        made = make(self.port, "silent")
        set_script(self.ollama, records=2, gap_ms=600_000)
        try:
            with self.streamed("/api/generate", {"model": "canned", "prompt": "x"}, made["key"]) as reply:
                self.revoke(made)
                self.assertIn("counts no longer", reply.read().decode().splitlines()[-1])
        finally:
            set_script(self.ollama)
        until("Ollama to be left alone", lambda: stats(self.ollama)["in_flight"] == 0)

    def test_who_waits_in_the_queue_is_refused(self):
        with scripted_ollama(OLLAMA) as ollama, tempfile.TemporaryDirectory() as data:
            config = pathlib.Path(data) / "one-place.toml"
            config.write_text(f'[[backend]]\nname = "one"\nurl = "http://127.0.0.1:{ollama.port}"\nparallel = 1\n')
            port = free_port()
            with Program([NODE, "serve", "--listen", f"127.0.0.1:{port}", "--config", config, "--data-dir", data],
                         port).ready():
                queued = lambda: json.loads(ask(port, "GET", "/conductor/v1/status")[1])["queue"]["waiting"]  # noqa: E731
                stays, goes = make(port, "stays"), make(port, "goes")
                got = {}

                def answer_by(made, **script):
                    got[made["name"]] = generate(port, bearer(made["key"]), script=script)

                first = threading.Thread(target=answer_by, args=(stays,), kwargs={"first_ms": 5000}, daemon=True)
                first.start()
                until("the place to be taken", lambda: stats(ollama)["in_flight"] == 1)
                second = threading.Thread(target=answer_by, args=(goes,), daemon=True)
                second.start()
                until("it to wait", queued)
                ask(port, "DELETE", f"{KEYS}/{goes['id']}")
                second.join(20)
                self.assertNotIn("stays", got, "it was refused after its wait")
                self.assertEqual(got["goes"][0], 401)
                self.assertFalse(queued())
                first.join(20)
                self.assertEqual(got["stays"][0], 200)

    def test_an_upload_ends_at_its_next_part(self):
        made = make(self.port, "uploads", scopes=["models"])
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as peer:
            peer.sendall(f"POST /api/blobs/sha256:{'0' * 64} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.7\r\n"
                         f"Authorization: Bearer {made['key']}\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n".encode())
            self.assertEqual(peer.recv(65536), b"HTTP/1.1 100 Continue\r\n\r\n")
            self.revoke(made)
            peer.sendall(b"4\r\npart\r\n")
            told = b"".join(iter(lambda: peer.recv(65536), b"")).decode()
        self.assertTrue(told.startswith("HTTP/1.1 401 "), told)
        self.assertIn("counts no longer", told)

    def test_a_turn_ends_for_everybody_who_follows_and_the_next_one_too(self):
        made = make(self.port, "turns")
        boss = make(self.port, "boss-of-turns", scopes=["sessions", "admin"])["key"]
        session = json.loads(ask(self.port, "POST", SESSIONS, {"model": "canned"}, bearer(made["key"]))[1])["id"]
        at = f"{SESSIONS}/{session}"
        set_script(self.ollama, **self.SLOW)
        try:
            with self.streamed(at + "/messages", {"content": "x"}, made["key"]) as turn, \
                    self.streamed(at + "/messages", {"content": "y"}, boss), \
                    self.streamed(at + "/events?from=1", None, boss, method="GET") as others, \
                    self.streamed(at + "/events?from=1", None, made["key"], method="GET") as own:
                del own
                self.revoke(made)
                last = json.loads(turn.read().decode().splitlines()[-1])
                self.assertEqual((last["type"], last["code"]), ("error", "key_revoked"))
                until("whoever may still follow to be told", lambda: b"key_revoked" in others.read1(1 << 20))
        finally:
            set_script(self.ollama)
            ask(self.port, "POST", at + "/cancel", {})
        shown = json.loads(ask(self.port, "GET", at, headers=bearer(boss))[1])
        self.assertEqual(shown["messages"][1]["state"], "failed")

    def test_who_only_follows_is_told_no_further_event(self):
        made = make(self.port, "follows")
        session = json.loads(ask(self.port, "POST", SESSIONS, {"model": "canned"}, bearer(made["key"]))[1])["id"]
        at = f"{SESSIONS}/{session}"
        with self.streamed(at + "/events", None, made["key"], method="GET") as reply:
            self.revoke(made)
            self.assertEqual(ask(self.port, "PATCH", at, {"title": "not for him"})[0], 200)
            rest = reply.read().decode()
        self.assertNotIn("not for him", rest)
        self.assertIn("counts no longer", rest)

    def test_a_stream_ends_when_its_key_expires(self):
        made = make(self.port, "expires", ttl_seconds=1)
        set_script(self.ollama, **self.SLOW)
        try:
            with self.streamed("/api/generate", {"model": "canned", "prompt": "x"}, made["key"]) as reply:
                self.assertIn("counts no longer", reply.read().decode().splitlines()[-1])
        finally:
            set_script(self.ollama)


class Start(unittest.TestCase):
    """What a node does with its file of keys when it starts."""

    def test_keys_outlive_the_node_and_a_kill_while_they_are_made(self):
        with scripted_ollama(OLLAMA) as ollama, tempfile.TemporaryDirectory() as data:
            told = []
            for cycle in range(5):
                with conductor(NODE, ollama.port, "--data-dir", data) as node:
                    for name, key in told:
                        self.assertEqual(ask(node.port, "GET", "/api/tags", headers=bearer(key))[0], 200, name)

                    def work(node=node, cycle=cycle):
                        for i in range(1000):
                            name = f"k{cycle}-{i}"
                            try:
                                status, body = ask(node.port, "POST", KEYS, {"name": name})
                            except (OSError, http.client.HTTPException):
                                return
                            if status == 201:
                                told.append((name, json.loads(body)["key"]))

                    thread = threading.Thread(target=work, daemon=True)
                    before = len(told)
                    thread.start()
                    until("some keys to be made", lambda: len(told) > before + 3)
                    node.process.send_signal(signal.SIGKILL)
                    thread.join(20)
            self.assertGreater(len(told), 15)
            self.assertEqual((pathlib.Path(data) / "keys.json").stat().st_mode & 0o777, 0o600)

    def test_a_file_that_cannot_be_used_keeps_the_node_from_starting(self):
        with scripted_ollama(OLLAMA) as ollama:
            for text in ("", "{", "[]", '{"version": 2, "keys": []}'):
                with tempfile.TemporaryDirectory() as data:
                    (pathlib.Path(data) / "keys.json").write_text(text)
                    with conductor(NODE, ollama.port, "--data-dir", data, wait=False) as node:
                        self.assertNotEqual(node.ended(), 0)
                        self.assertIn("keys.json cannot be used", node.log())

    def test_others_are_let_in_only_where_there_is_a_key(self):
        with scripted_ollama(OLLAMA) as ollama, tempfile.TemporaryDirectory() as data:
            open_port = str(free_port())
            flags = ("--data-dir", data, "--listen", "0.0.0.0:" + open_port)
            with conductor(NODE, ollama.port, *flags, wait=False) as node:
                self.assertNotEqual(node.ended(), 0)
                self.assertIn("conductor keys create NAME", node.log())
            with conductor(NODE, ollama.port, *flags, "--insecure") as node:
                self.assertEqual(ask(node.port, "GET", "/api/tags", headers=ELSEWHERE)[0], 200)
            with conductor(NODE, ollama.port, "--data-dir", data) as node:
                made = make(node.port, "first")
            with conductor(NODE, ollama.port, *flags) as node:
                self.assertEqual(ask(node.port, "GET", "/api/tags", headers=bearer(made["key"]))[0], 200)
                ask(node.port, "DELETE", f"{KEYS}/{made['id']}")
            with conductor(NODE, ollama.port, *flags, wait=False) as node:
                self.assertNotEqual(node.ended(), 0)

    def test_where_everybody_needs_a_key_the_nodes_own_user_makes_it(self):
        with scripted_ollama(OLLAMA) as ollama, tempfile.TemporaryDirectory() as data:
            at = data + "/s"
            with conductor(NODE, ollama.port, "--data-dir", data, "--listen", "unix:" + at,
                           more={"CONDUCTOR_ACCESS_REQUIRE": "always"}) as node:
                self.assertEqual(ask(node.port, "GET", "/api/tags")[0], 401)
                s = socket.socket(socket.AF_UNIX)
                s.connect(at)
                body = json.dumps({"name": "first"})
                s.sendall(f"POST {KEYS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
                text = b""
                while part := s.recv(65536):
                    text += part
                s.close()
                key = json.loads(text.split(b"\r\n\r\n", 1)[1])["key"]
                self.assertEqual(ask(node.port, "GET", "/api/tags", headers={"Authorization": "Bearer " + key})[0], 200)


class Signed(World):
    """What the stock CLI sends with OLLAMA_AUTH=1."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.TemporaryDirectory()
        cls.secret = pathlib.Path(cls.folder.name) / "k.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", cls.secret], check=True)
        raw = subprocess.run(["openssl", "pkey", "-in", cls.secret, "-pubout", "-outform", "DER"], check=True,
                             capture_output=True).stdout[-32:]
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + raw
        cls.public = base64.b64encode(blob).decode()
        make(cls.port, "cli", public_key=f"ssh-ed25519 {cls.public} me@box", scopes=["inference"])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()
        super().tearDownClass()

    def sign(self, text):
        message = pathlib.Path(self.folder.name) / "m"
        message.write_text(text)
        made = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", self.secret, "-rawin", "-in", message],
                              check=True, capture_output=True).stdout
        return {**ELSEWHERE, "Authorization": f"{self.public}:{base64.b64encode(made).decode()}"}

    def test_a_signature_stands_for_its_key(self):
        ts = int(time.time())
        signed = self.sign(f"GET,/api/tags?ts={ts}")
        self.assertEqual(ask(self.port, "GET", f"/api/tags?ts={ts}", headers=signed)[0], 200)
        self.assertEqual(ask(self.port, "GET", f"/api/ps?ts={ts}", headers=signed)[0], 401)
        self.assertEqual(ask(self.port, "GET", "/api/tags", headers=signed)[0], 401)
        other = self.sign(f"GET,/conductor/v1/keys?ts={ts}")
        self.assertEqual(ask(self.port, "GET", f"/conductor/v1/keys?ts={ts}", headers=other)[0], 403)

    def test_an_old_signature_counts_no_longer(self):
        for ts in (int(time.time()) - 301, int(time.time()) + 330):
            signed = self.sign(f"GET,/api/tags?ts={ts}")
            self.assertEqual(ask(self.port, "GET", f"/api/tags?ts={ts}", headers=signed)[0], 401)

    def test_a_signature_that_was_overheard_is_of_no_use(self):
        ts = int(time.time())
        signed = self.sign(f"GET,/api/version?ts={ts}")
        path = f"/api/version?ts={ts}"
        self.assertEqual(ask(self.port, "GET", path, headers=signed)[0], 200)
        until("the moment of honest repetitions to pass",
              lambda: ask(self.port, "GET", path, headers=signed)[0] == 401)


class Talks(World):
    """The WebSocket, by hand: one frame each way is enough."""

    def open(self, protocols=None, headers=None):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        lines = ["GET /conductor/v1/ws HTTP/1.1", "Host: 127.0.0.1", "Connection: Upgrade", "Upgrade: websocket",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        lines += [f"{k}: {v}" for k, v in {**ELSEWHERE, **(headers or {})}.items()]
        if protocols:
            lines.append("Sec-WebSocket-Protocol: " + protocols)
        s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += s.recv(1)
        self.addCleanup(s.close)
        return s, head.decode()

    @staticmethod
    def say(s, op):
        data, mask = json.dumps(op).encode(), os.urandom(4)
        assert len(data) < 65536
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
        s.sendall(b"\x81" + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    @staticmethod
    def hear(s):
        def take(n):
            data = b""
            while len(data) < n:
                part = s.recv(n - len(data))
                if not part:
                    raise EOFError
                data += part
            return data

        first, size = take(2)
        if size == 126:
            size = int.from_bytes(take(2), "big")
        data = take(size)
        if first & 0xF == 8:
            return {"closed": int.from_bytes(data[:2], "big")}
        return json.loads(data)

    def test_a_key_comes_as_a_protocol_and_the_other_is_agreed_on(self):
        key = make(self.port, "browser")["key"]
        _, head = self.open(f"conductor, conductor.key.{key}")
        self.assertTrue(head.startswith("HTTP/1.1 101"), head)
        self.assertIn("Sec-WebSocket-Protocol: conductor\r\n", head)
        self.assertTrue(self.open()[1].startswith("HTTP/1.1 401"))
        self.assertTrue(self.open("conductor.key.cnd_no_key")[1].startswith("HTTP/1.1 401"))

    def test_topics_and_old_secrets_end_with_their_key(self):
        made = make(self.port, "watcher", scopes=["sessions", "admin"])
        at = f"{KEYS}/{made['id']}"

        def watch(key):
            s, _ = self.open(headers=bearer(key))
            self.say(s, {"op": "subscribe", "ref": "t", "topic": "overview"})
            self.assertEqual(self.hear(s)["type"], "ack")
            self.assertEqual(self.hear(s)["topic"], "overview")
            return s

        def last(s):
            while True:
                heard = self.hear(s)
                ask(self.port, "POST", SESSIONS, {"model": "canned"})  # something to tell
                if "closed" in heard or heard.get("type") == "error":
                    return heard

        def stir():
            ask(self.port, "POST", SESSIONS, {"model": "canned"})

        s = watch(made["key"])
        self.assertEqual(ask(self.port, "PATCH", at, {"scopes": ["sessions"]})[0], 200)
        stir()
        self.assertEqual(last(s)["code"], "forbidden")
        self.assertEqual(ask(self.port, "PATCH", at, {"scopes": ["sessions", "admin"]})[0], 200)
        s = watch(made["key"])
        fresh = json.loads(ask(self.port, "POST", at + "/rotate")[1])["key"]
        stir()
        self.assertEqual(last(s), {"closed": 1008})
        s = watch(fresh)
        ask(self.port, "DELETE", at)
        stir()
        self.assertEqual(last(s), {"closed": 1008})

    def test_what_is_others_is_not_there_and_limits_count(self):
        made = make(self.port, "talker", requests_per_minute=1)
        theirs = json.loads(ask(self.port, "POST", SESSIONS, {"model": "canned"})[1])["id"]
        own = json.loads(ask(self.port, "POST", SESSIONS, {"model": "canned"}, bearer(made["key"]))[1])["id"]
        s, _ = self.open(headers=bearer(made["key"]))
        for op in ("subscribe", "send", "cancel"):
            extra = {"content": "x"} if op == "send" else {}
            self.say(s, {"op": op, "ref": op, "session": theirs, **extra})
            expected = "session_not_found"
            self.assertEqual(self.hear(s).get("code"), expected, op)
        self.say(s, {"op": "subscribe", "ref": "t", "topic": "overview"})
        self.assertEqual(self.hear(s).get("code"), "forbidden")
        self.say(s, {"op": "send", "ref": "s", "session": own, "content": "x"})
        self.assertEqual(self.hear(s).get("code"), "rate_limited")  # the one was spent on theirs
        ask(self.port, "DELETE", f"{KEYS}/{made['id']}")
        self.say(s, {"op": "cancel", "ref": "c", "session": own})
        self.assertEqual(self.hear(s), {"closed": 1008})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
