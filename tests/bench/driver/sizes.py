"""What sessions cost that nobody uses at present: memory, and time at the start."""

import re
import time

from .failure import Failure
from .native import SESSIONS, Client
from .process_facts import proportional_kib, resident_kib
from .results import Quantity
from .stored import multiply

COLUMNS = {"full": "full store", "empty": "empty store"}
SECTION = "Stored and idle sessions"

# Opened before it is measured, so that what is made once is there.
FIRST = 100


def measure(stage):
    o = stage.options
    stage.say(f"{o.stored:,} stored sessions are made")
    ids = _fill(stage)
    with stage.node("empty") as node, Client(node.port) as client:
        client.json("GET", SESSIONS)
    for round_ in range(o.rounds):
        listed = {}
        for name in stage.order(round_, list(COLUMNS)):
            stage.say(f"{COLUMNS[name]}, round {round_ + 1} of {o.rounds}")
            listed[name] = _start(stage, name, round_, ids)
        _add(stage, round_, "full", f"a stored session (of {o.stored:,})", "bytes",
             (listed["full"] - listed["empty"]) * 1024 / o.stored)


def _fill(stage):
    """A node makes one session with two questions and answers; the others are its copies."""
    with stage.node("full") as node, Client(node.port) as client:
        session = client.new_session(title="One of many", system="Be brief.")
        for question in ("What is this?", "And what else can be said of it?"):
            client.say(session, question)
    return multiply(stage.folder / "full/conductor.db", session, stage.options.stored)


def _add(stage, round_, name, what, unit, value):
    stage.results.add(Quantity(SECTION, what, unit), name, round_, value)


def _start(stage, name, round_, ids):
    """Resident KiB when the store has been used."""
    began = time.monotonic()
    node = stage.start(name)
    try:
        _until_ready(node)
        _add(stage, round_, name, "start to /readyz", "ms", (time.monotonic() - began) * 1000)
        process = [node.process.pid]
        _add(stage, round_, name, "resident when ready", "KiB", resident_kib(process))
        with Client(node.port) as client:
            began = time.monotonic()
            client.json("GET", SESSIONS)
            _add(stage, round_, name, "first list of 50", "ms",
                 (time.monotonic() - began) * 1000)
            listed = resident_kib(process)
            _add(stage, round_, name, "resident after the first list", "KiB", listed)
            if name == "full":
                _open(stage, round_, node.process.pid, client, ids)
        return listed
    finally:
        node.stop()


def _until_ready(node, patience=120):
    """Asks every millisecond: waiting for its port first would be coarser than a start is."""
    end = time.monotonic() + patience
    said = "nothing"
    while said != 200:
        node.check()
        if time.monotonic() > end:
            raise Failure(f"/readyz did not get ready in {patience} s: {said}{node.said()}")
        time.sleep(0.001)
        with Client(node.port) as client:
            try:
                said = client.ask("GET", "/readyz")[0]
            except Failure as e:
                said = e


def _open(stage, round_, process, client, ids):
    """How much memory live sessions add."""
    count = stage.options.live
    for session in ids[:-count][:FIRST]:
        client.session(session)
    live, resident, proportional = (_live(client), resident_kib([process]),
                                    proportional_kib(process))
    for session in ids[-count:]:
        client.session(session)
    opened = count
    if live is not None and _live(client) - live < count:
        opened = max(1, _live(client) - live)
        stage.notes.append(f"Of {count:,} sessions that were opened {opened:,} were still live.")
    what = f"a live idle session (of {count:,}), "
    _add(stage, round_, "full", what + "resident", "KiB",
         (resident_kib([process]) - resident) / opened)
    _add(stage, round_, "full", what + "proportional", "KiB",
         (proportional_kib(process) - proportional) / opened)


def _live(client):
    """How many sessions are in memory, as the node itself says; None: it says nothing."""
    found = re.search(r"^conductor_sessions_live (\d+)", client.text("GET", "/metrics"), re.M)
    return int(found[1]) if found else None
