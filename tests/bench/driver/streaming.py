"""Many sessions that stream at once, beside as many streams without a session."""

import re

from .failure import Failure
from .native import Client
from .results import Quantity

COLUMNS = {"session": "sessions", "chat": "/api/chat"}

# An answer lasts that long; a stream asks again when it is over, so all stream all the time.
ANSWER_SECONDS = 2
# A rate held when so much of it arrived (pauses between two answers are missing too) and half
# of the records came before the next one was due: a backlog shows as lateness first.
HELD = 0.95


def _section(streams, rate):
    return f"{streams:,} streams at once, {rate} records/s each"


def measure(stage):
    """At the wanted rate; where that is more than the machine carries, at half of it too, and
    so on, until one held."""
    o = stage.options
    rate = o.rate
    with stage.node("streaming") as node:
        while True:
            for round_ in range(o.rounds):
                _round(stage, node, rate, round_)
            held = _told(stage, rate)
            if held or rate == 1:
                return
            rate //= 2


def _told(stage, rate):
    """Whether the rate held, which is noted."""
    o = stage.options
    section = _section(o.sessions, rate)
    reached, late = (stage.results.spread(Quantity(section, name, ""), "session").median
                     for name in ("reached", "record after it was due, p50"))
    held = reached >= HELD * rate * o.sessions and late <= 1e6 / rate
    stage.notes.append(
        f"{o.sessions:,} sessions at {rate} records/s each: "
        + (f"held ({reached:,.0f} records/s in all)." if held else
           f"this machine did not carry it ({reached:,.0f} records/s were reached); latencies "
           "there are a backlog's."))
    return held


def _round(stage, node, rate, round_):
    o = stage.options
    section = _section(o.sessions, rate)
    for path in stage.order(round_, list(COLUMNS)):
        m, ids = stage.timed(
            "paced", node, path, f"{section}, round {round_ + 1} of {o.rounds}",
            streams=o.sessions, records=max(2, ANSWER_SECONDS * rate),
            gap_us=round(1e6 / rate), warmup=ANSWER_SECONDS, window=o.seconds, patience=120)

        def add(name, unit, value, path=path, **more):
            stage.results.add(Quantity(section, name, unit, **more), path, round_, value)

        add("reached", "records/s", m["records_per_s"], more_is_better=True)
        add("records checked", "", m["checked_records"], compared=False)
        add("records lost or mixed", "", m["asked_records"] - m["checked_records"],
            compared=False)
        for p in ("p50", "p99"):
            add(f"record after it was due, {p}", "µs", m["record_us"].get(p))
        add("node's processor time a record", "µs", m.get("cpu_us_per_record"))
        if m["load_cpu_share"] > 0.9:
            stage.notes.append(f"**{section}: the load generator had no time left, so nothing "
                               "here says what the node can.**")
        if path == "session":
            _check_stored(node, ids)


def _check_stored(node, ids, most=100):
    """What the node kept is what was said, in the session in which it was said."""
    step = max(1, len(ids) // most)
    with Client(node.port) as client:
        for stream in range(0, len(ids), step):
            messages = client.session(ids[stream])["messages"]
            for asked, answer in zip(messages[::2], messages[1::2]):
                word = asked["content"]
                said = re.findall(r"([^/;]+)/(\d+)/\d+;", answer["content"])
                if (not word.startswith(f"w{stream}.") or answer["state"] != "done"
                        or said != [(word, str(i)) for i in range(len(said))] or not said):
                    raise Failure(f"session {stream} was asked {word}, and kept as "
                                  f"{answer['state']}: {answer['content'][:200]}")
