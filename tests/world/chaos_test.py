"""A node over four backends that are killed, paused, refused, reset, slowed, garbled and renamed at random, under the
load of many clients: chaos_test.py CONDUCTOR SCRIPTED_OLLAMA. Every request ends, whole or told as failed once; and
when the backends are well again, nothing is left of it. Half a minute, or minutes where CONDUCTOR_LONG is set; SEED
plays the faults of another run again."""

import collections
import contextlib
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time
from functools import partial

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guards"))
from chaos import plants  # noqa: E402
from chaos.backends import MODELS, Backend  # noqa: E402
from chaos.faults import FAULTS, drivers_of  # noqa: E402
from chaos.judge import Complaint, judge_log, judge_session  # noqa: E402
from chaos.load import Client, Tally, marked, request_body  # noqa: E402
from chaos.peer import BOUND, Answer, Peer  # noqa: E402
from chaos.records import PATHS, TURNS  # noqa: E402
from chaos.rest import at_rest, status_of, wait_for_rest  # noqa: E402
from chaos.talk import Talk, WebSocketTalker  # noqa: E402
from chaos.talkers import Session, Talker, speak  # noqa: E402
from processes import Program, free_port, until  # noqa: E402

NODE, OLLAMA = sys.argv[1:3]
LASTING = 300 if os.environ.get("CONDUCTOR_LONG") else 17
SEED = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
CLIENTS, TALKERS = 20, 3  # talkers: of each kind
KINDS = (partial(Talker, "turn"), partial(Talker, "sse"), WebSocketTalker)
PARALLEL = {"a": 2, "b": 2, "c": 3}

CONFIG = """[server]
listen = ["127.0.0.1:{port}"]
[upstream]
probe_interval = "200ms"
probe_timeout = "1s"
first_byte_timeout = "3s"
gap_timeout = "3s"
[stream]
window = "16KiB"
[queue]
max_wait = "20s"
[store]
data_dir = "{folder}/data"
"""


def node_over(backends, folder):
    port = free_port()
    text = CONFIG.format(port=port, folder=folder)
    for b in backends.values():
        text += f'[[backend]]\nname = "{b.name}"\nurl = "http://127.0.0.1:{b.port}"\n'
        if b.name in PARALLEL:
            text += f"parallel = {PARALLEL[b.name]}\n"
    config = pathlib.Path(folder) / "conductor.toml"
    config.write_text(text)
    return Program([NODE, "serve", "--config", str(config)], port).ready()


def one(node, surface, stream, id, headers=()):
    """A client's only request."""
    answer, peer = Answer(surface, stream, id, marked(id, 9)), Peer(node.port)
    peer.ask(answer, "POST", PATHS[surface], request_body(surface, stream, "canned", answer.wanted), headers)
    peer.close()
    return answer


def check_the_judges(node, backends):
    """With what a node without chaos says."""
    answers = [one(node, surface, stream, f"calm{surface}{stream}") for surface in PATHS for stream in (True, False)]
    noticed = 0
    for surface in TURNS:
        session = Session(node.port, "calm" + surface, "sse" if surface == "sse" else "turn")
        said = [Answer(surface, True, f"calm{surface}{i}", marked(f"calm{surface}{i}", 9)) for i in range(2)]
        if surface == "ws":
            noticed += plants.check_talk(talk_of(node, session, said))
        else:
            peer = Peer(node.port)
            for answer in said:
                speak(peer, session, answer)
            peer.close()
        noticed += plants.check_session(at_rest(node, session))
        answers += said
    noticed += plants.check_answers(answers)
    noticed += plants.check_log(node.log().splitlines())
    return noticed + plants.check_rest(*wait_for_rest(node, backends, 20))


def talk_of(node, session, answers):
    """What went over a WebSocket that asked for the answers and stopped following."""
    talk = Talk(node.port, "calmtalk")
    talk.follow(session)
    for answer in answers:
        talk.until_over([talk.speak(session, answer)])
    talk.tell("unsubscribe", session)
    talk.until_over([])
    talk.close(politely=True)
    talk.judge(False, [session])
    return talk.record


class Watch(threading.Thread):
    """Looks at the node's own answers, which no backend may hold up."""

    def __init__(self, node, stop, tally):
        super().__init__(daemon=True)
        self.node, self.stop, self.tally, self.most_waiting = node, stop, tally, 0

    def run(self):
        while not self.stop.wait(0.1):
            try:
                self.most_waiting = max(self.most_waiting, status_of(self.node)["queue"]["waiting"])
            except Exception as e:
                self.tally.complain(f"the node's status: {e!r}")
                return


def under_load(node, tally, seconds, faithful=False, hurt=None):
    """Clients for so long; the talkers. `hurt` is called when they are there, and again to end it."""
    stop = threading.Event()
    clients = [Client("c", i, node.port, SEED, stop, tally, faithful) for i in range(CLIENTS)]
    talkers = [kind(i, node.port, SEED, stop, tally, faithful) for i in range(TALKERS) for kind in KINDS]
    watch = Watch(node, stop, tally)
    with hurt or contextlib.nullcontext():
        for thread in (*clients, *talkers, watch):
            thread.start()
        time.sleep(seconds)
    stop.set()
    for thread in (*clients, *talkers, watch):
        thread.join(2 * BOUND)
        if thread.is_alive():
            raise Complaint(f"client {thread.id} is stuck")
    return talkers, watch


@contextlib.contextmanager
def chaos(backends, journal):
    stop = threading.Event()
    drivers = drivers_of(backends.values(), SEED, stop)
    for d in drivers:
        d.start()
    yield
    stop.set()
    for d in drivers:
        d.join(BOUND)
        assert not d.is_alive() and d.failure is None, f"the driver of {d.backend.name}: {d.failure!r}"
        journal += d.journal


def check_sessions(node, talkers, tally):
    count = 0
    for session in (s for t in talkers for s in t.sessions):
        count += 1
        try:
            judge_session(at_rest(node, session))
        except AssertionError as complaint:
            tally.complain(f"session {session.id}: {complaint}")
    return count


def check_calm(node, backends):
    """Each backend serves whoever asks for it, and nobody fails."""
    for name in backends:
        answer = one(node, "generate", True, f"pin{name}", [f"X-Conductor-Backend: {name}"])
        tally = Tally()
        tally.take(answer)
        assert tally.total(verdict="whole") == 1 and answer.headers["x-conductor-backend"] == name, answer
    tally = Tally()
    talkers, _ = under_load(node, tally, 1, faithful=True)
    check_sessions(node, talkers, tally)
    assert not tally.complaints, tally.complaints[:3]
    assert tally.total() == tally.total(verdict="whole") > 0, f"failures without a fault: {tally.counts}"


def check_that_it_was_chaos(tally, journal, watch):
    done = collections.Counter(fault for fault, *_ in journal)
    assert all(done[f.__name__] for f in FAULTS), f"only these faults happened: {done}"
    for surface in (*PATHS, *TURNS):
        for verdict in ("whole", "failed", "left"):
            assert tally.total(surface, None, verdict), f"no {surface} was {verdict}: {tally.counts}"
    assert tally.total("ws", None, "cancelled"), f"no turn was cancelled: {tally.counts}"
    assert watch.most_waiting > 0, "no request ever waited for a place"
    return done


def main():
    print(f"SEED={SEED}", flush=True)
    with contextlib.ExitStack() as all:
        folder = all.enter_context(tempfile.TemporaryDirectory(prefix="conductor-chaos-"))
        backends = {}
        for name in MODELS:
            backends[name] = Backend(OLLAMA, name)
            all.callback(backends[name].kill)
        node = all.enter_context(node_over(backends, folder))
        pid = node.pid
        until("all backends to be up", lambda: all_up(node))
        print(f"the judges noticed {check_the_judges(node, backends)} planted faults of as many")

        tally, journal = Tally(lambda name, *when: name in backends and backends[name].garbled(*when)), []
        talkers, watch = under_load(node, tally, LASTING, hurt=chaos(backends, journal))
        sessions = check_sessions(node, talkers, tally)
        if tally.complaints:
            tell(tally, journal, node)
            raise Complaint(f"{len(tally.complaints)} complaints, the first: {tally.complaints[0]}")
        judge_log(node.log().splitlines())
        wait_for_rest(node, backends, 10)
        check_calm(node, backends)
        wait_for_rest(node, backends, 10)
        done = check_that_it_was_chaos(tally, journal, watch)
        assert node.process.poll() is None and node.pid == pid
        node.process.send_signal(signal.SIGTERM)
        assert node.ended() == 0, f"the node ended with {node.process.returncode}"
        judge_log(node.log().splitlines())
    print(f"{sum(done.values())} faults ({', '.join(f'{n} {f}' for f, n in sorted(done.items()))}); "
          f"{tally.total()} answers: " + ", ".join(
              f"{tally.total(verdict=v)} {v}" for v in ("whole", "failed", "garbled", "left", "cancelled")) +
          f"; {sessions} sessions; at most {watch.most_waiting} waited; the slowest took {tally.slowest:.1f} s")


def all_up(node):
    return all(b["state"] == "up" for b in status_of(node)["backends"])


def tell(tally, journal, node):
    """What is known about the complaints: the faults before, and what the node logged of the requests."""
    print(f"counts: {dict(tally.counts)}")
    for fault, backend, began, ended in sorted(journal, key=lambda entry: entry[2])[-60:]:
        print(f"  {began:.2f} to {ended:.2f}: {backend} {fault}")
    log = node.log().splitlines()
    print(*[line for line in log if " info request " not in line][-80:], sep="\n")
    for complaint in tally.complaints[:20]:
        print("complaint:", complaint)
        print(*[f"  {line}" for line in log if f"{complaint.split(' ')[0]} " in line + " "][:5], sep="\n")


main()
