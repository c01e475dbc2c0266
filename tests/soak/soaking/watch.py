"""Samples of the node while it works, and whether they stay flat."""

import dataclasses
import os
import pathlib
import statistics
import threading
import time

from chaos.rest import status_of


@dataclasses.dataclass
class Sample:
    when: float  # seconds, monotonic
    stage: str
    lives: int
    rss: int  # KiB
    descriptors: int  # those of idle connections to backends left out
    threads: int
    leases: int
    waiting: int
    connections: int


def _tcp():
    """{inode: port of the other end} of this machine's connections."""
    found = {}
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        found[fields[9]] = int(fields[2].split(":")[1], 16)
    return found


def descriptors(pid, backend_ports):
    """Open ones but connections to backends, of which a few are kept idle on purpose."""
    to, count = _tcp(), 0
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(entry.path)
        except OSError:
            continue
        inode = target[8:-1] if target.startswith("socket:[") else None
        count += to.get(inode) not in backend_ports
    return count


def take(place, stage):
    fields = dict(line.split(":\t", 1) for line in
                  pathlib.Path(f"/proc/{place.pid}/status").read_text().splitlines() if ":\t" in line)
    status = status_of(place)
    return Sample(time.monotonic(), stage, place.outages.lives, int(fields["VmRSS"].split()[0]),
                  descriptors(place.pid, {b.port for b in place.backends.values()}), int(fields["Threads"]),
                  sum(b["in_flight"] for b in status["backends"]), status["queue"]["waiting"], status["connections"])


class Watch(threading.Thread):
    def __init__(self, place, stage, every, stop, tally):
        super().__init__(daemon=True)
        self.place, self.stage, self.every, self.stop, self.tally, self.samples = place, stage, every, stop, tally, []

    def run(self):
        while not self.stop.wait(self.every):
            began = time.monotonic()
            try:
                self.samples.append(take(self.place, self.stage))
            except (OSError, ValueError, KeyError) as e:
                if not self.place.outages.during(began, time.monotonic()):
                    self.tally.complain(f"the node's status: {e!r}")


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(len(values) * q))] if values else None


def by_minute(times, q):
    """The quantile of each minute that has enough of (when, seconds)."""
    minutes = {}
    for when, seconds in times:
        minutes.setdefault(int(when // 60), []).append(seconds)
    return [quantile(v, q) for _, v in sorted(minutes.items()) if len(v) >= 50]


@dataclasses.dataclass(frozen=True)
class Margin:
    """`last` may be so many times `first`, and so much more."""

    factor: float
    more: float
    unit: str

    def holds(self, first, last):
        return last <= first * self.factor + self.more


# Some slow readers more at once leave malloc that much more; an answer that leaks a KiB is seen within the hour.
MARGINS = {"rss": Margin(1.25, 32 * 1024, "KiB"), "rss at rest": Margin(1.25, 32 * 1024, "KiB"),
           "descriptors": Margin(1.3, 16, ""), "descriptors at rest": Margin(1, 4, ""),
           "threads": Margin(1, 2, ""), "time to first byte p50": Margin(2, 0.02, "s"),
           "time to first byte p99": Margin(3, 0.1, "s")}


def trends(samples, rests, times, first, last):
    """{what: (first, last)} of the stages with these names."""
    # The node is new when the first stage begins: its later half counts.
    early = [s for s in samples if s.stage == first]
    early, late = early[len(early) // 2:], [s for s in samples if s.stage == last]
    found = {what: tuple(statistics.median(getattr(s, what) for s in part) for part in (early, late))
             for what in ("rss", "descriptors", "threads") if early and late}
    for what in ("rss", "descriptors"):
        found[f"{what} at rest"] = (getattr(rests[first], what), getattr(rests[last], what))
    for name, q in (("p50", 0.5), ("p99", 0.99)):
        values = [by_minute(times[stage], q) for stage in (first, last)]
        if all(values):
            found[f"time to first byte {name}"] = tuple(statistics.median(v) for v in values)
    return found


def complaints_of(found):
    """What is not flat, or was not measured."""
    missing = [f"{what} was not measured" for what in MARGINS if what not in found]
    return missing + [f"{what} grew from {first:g} to {last:g} {MARGINS[what].unit}, more than {MARGINS[what].factor} "
                      f"times and {MARGINS[what].more}"
                      for what, (first, last) in found.items() if not MARGINS[what].holds(first, last)]
