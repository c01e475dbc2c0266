"""Keys that are made, used, given another secret and revoked while they are in use."""

import threading
import time

from chaos.judge import Complaint
from chaos.load import Client, marked, request_body, some_text
from chaos.peer import Answer, Peer
from chaos.records import PATHS

from soaking.clients import Living
from soaking.place import STEADY_MODEL, answer_of

KEYS = "/conductor/v1/keys"
ELSEWHERE = "X-Forwarded-For: 203.0.113.7"  # who comes from another machine needs a key


class KeyUser(Living, Client):
    def __init__(self, place, *args, **kwargs):
        super().__init__("keys", *args, faithful=True, **kwargs)
        self.at, self.valid, self.revoked = place, {}, set()  # by id: what the node acknowledged

    def before(self):
        self.stop.wait(self.chance.uniform(0.5, 2))

    def ask(self, id):
        made = self._told(201, "POST", KEYS, {"name": f"{id}-{self.at.outages.lives}-{self.chance.randrange(10**9)}"})
        self.valid[made["id"]] = made["key"]
        self.tally.count("key made")
        answers = [self._use(made["key"], f"{id}a", 9)]
        if self.chance.random() < 0.5:
            before = made["key"]
            made["key"] = self.valid[made["id"]] = self._told(200, "POST", f"{KEYS}/{made['id']}/rotate")["key"]
            self.tally.count("key given another secret")
            answers.append(self._use(made["key"], f"{id}b", 9))
            self._refused(before, f"{id}c")
        answers.append(self._revoke_in_use(made, id))
        self._remembers()
        return answers

    def finish(self):
        self._remembers()

    def _told(self, expected, method, path, body=None):
        status, document = answer_of(self.at, method, path, body)
        assert status == expected, f"{method} {path}: {status} {document}"
        return document

    def _use(self, key, id, words):
        answer = Answer("generate", True, id, some_text(self.chance, id, words))
        self._ask(answer, key)
        if answer.status in (401, 403):
            raise Complaint(f"{id}: a good key is refused: {answer.status} {bytes(answer.body)}")
        self.tally.count("answer for a key")
        return answer

    def _ask(self, answer, key):
        peer = Peer(self.port)
        peer.ask(answer, "POST", PATHS["generate"],
                 request_body("generate", True, STEADY_MODEL, answer.wanted), [ELSEWHERE, f"Authorization: Bearer {key}"])
        peer.close()

    def _try_to_ask(self, answer, key):
        try:
            self._ask(answer, key)
        except OSError:  # no node is there
            answer.end = "cut"
            answer.began = answer.ended = time.monotonic()

    def _refused(self, key, id):
        answer = Answer("generate", True, id, marked(id, 2))
        self._ask(answer, key)
        if answer.status != 401:
            raise Complaint(f"{id}: a key that counts no more is answered {answer.status} {answer.end}")
        self.tally.count("refused, key counts no more")

    def _revoke_in_use(self, made, id):
        answer = Answer("generate", True, f"{id}r", marked(f"{id}r", 40))
        user = threading.Thread(target=self._try_to_ask, args=(answer, made["key"]), daemon=True)
        user.start()
        self.stop.wait(self.chance.uniform(0, 0.3))
        self._revoke(made["id"])
        self._refused(made["key"], f"{id}d")
        user.join()
        if answer.status == 401 and answer.end == "whole":  # revoked before it asked
            answer.status, answer.end = 0, "left"
        return answer

    def _revoke(self, id):
        del self.valid[id]  # while nobody knows whether it counts
        self._told(200, "DELETE", f"{KEYS}/{id}")
        self.revoked.add(id)
        self.tally.count("key revoked")

    def _remembers(self):
        """What was acknowledged holds, also behind a kill."""
        known = {k["id"]: k for k in self._told(200, "GET", KEYS)["keys"]}
        lost = [id for id in self.valid if id not in known or known[id]["revoked"]]
        back = [id for id in self.revoked if id in known and not known[id]["revoked"]]
        if lost or back:
            raise Complaint(f"keys that were acknowledged and are lost: {lost}; revoked, and back: {back}")
        for id in list(self.valid):  # those whose outage came between
            self._revoke(id)
