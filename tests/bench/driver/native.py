"""Talks to the node's own API."""

import concurrent.futures
import http.client
import json

from .failure import Failure

SESSIONS = "/conductor/v1/sessions"


class Client:
    """One kept connection."""

    def __init__(self, port, patience=60):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()

    def ask(self, method, path, body=None):
        """(status, text); a Failure where no answer comes."""
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body))
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as e:
            raise Failure(f"{method} {path}: {e or type(e).__name__}") from e

    def text(self, method, path, body=None, wanted=200):
        status, text = self.ask(method, path, body)
        if status != wanted:
            raise Failure(f"{method} {path}: status {status}, {wanted} was expected: {text}")
        return text

    def json(self, method, path, body=None, wanted=200):
        return json.loads(self.text(method, path, body, wanted))

    def new_session(self, **settings):
        return self.json("POST", SESSIONS, {"model": "canned", **settings}, 201)["id"]

    def say(self, session, content):
        """One turn to its end."""
        events = self.text("POST", f"{SESSIONS}/{session}/messages", {"content": content})
        last = json.loads(events.splitlines()[-1])
        if last["type"] != "done":
            raise Failure(f"a turn ended with {last}")

    def session(self, session):
        return self.json("GET", f"{SESSIONS}/{session}")


def new_sessions(port, count, at_once=32):
    """Their ids. Several at once, because each waits for the disk."""

    def some(share):
        with Client(port) as client:
            return [client.new_session() for _ in range(share)]

    shares = [count // at_once + (i < count % at_once) for i in range(at_once)]
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return [session for made in pool.map(some, shares) for session in made]
