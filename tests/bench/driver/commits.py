"""What it costs that a message is durable before it is acknowledged."""

from .disk import fsync_us
from .results import Quantity

COLUMNS = {"session": "sessions", "chat": "/api/chat"}
SECTION = "Short answers, request after request"

RECORDS = 4
# Conversations stay short: each client has so many, and asks them in turn.
EACH = 32


def measure(stage):
    with stage.node("commits") as node:
        for round_ in range(stage.options.rounds):
            _round(stage, node, round_)


def _round(stage, node, round_):
    o = stage.options

    def add(path, name, unit, value, **more):
        stage.results.add(Quantity(SECTION, name, unit, **more), path, round_, value)

    for clients in dict.fromkeys((1, o.clients)):
        at = f"{clients:,} client" + ("" if clients == 1 else "s")
        found = {}
        for path in stage.order(round_, list(COLUMNS)):
            found[path], _ = stage.timed(
                "saturate", node, path, f"short answers, {at}, round {round_ + 1} of {o.rounds}",
                streams=clients, each=EACH, records=RECORDS, window=o.seconds)
        for path, m in found.items():
            add(path, f"messages/s, {at}", "", m["requests_per_s"], more_is_better=True)
            for p in ("p50", "p99"):
                add(path, f"POST to the first line, {p}, {at}", "µs", m["begun_us"].get(p))
            for p in ("p50", "p99"):
                add(path, f"POST to the first text, {p}, {at}", "µs", m["first_us"].get(p))
        for p in ("p50", "p99"):
            if p in found["session"]["begun_us"] and p in found["chat"]["first_us"]:
                add("session", f"what the commit adds to the first line, {p}, {at}", "µs",
                    found["session"]["begun_us"][p] - found["chat"]["first_us"][p])
    half, most = fsync_us(stage.folder / "commits", min(1, o.seconds))
    add("session", "4 KiB written and fsync, same folder, p50", "µs", half)
    add("session", "4 KiB written and fsync, same folder, p99", "µs", most)
