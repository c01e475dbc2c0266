"""The measurements and their order."""

import contextlib
import sys
import time

from . import contenders
from .ground import Ground
from .tls import Tls
from .process_facts import processor_seconds, resident_kib
from .results import Quantity

CONTENDERS = ("direct", *contenders.PROXIES)
PARTS = ("latency", "throughput", "memory")

# Streams: (records of an answer, microseconds between two records). About 5,000 records/s in
# all, or 1,000 a stream, which is far from what any of them can carry; and answers so short
# that a window sees a hundred begin.
PACES = {1: (16, 1000), 8: (32, 1600), 64: (64, 12_800), 512: (16, 102_400)}


def pace(streams):
    return PACES.get(streams, (32, max(1000, 200 * streams)))


def many(n, noun):
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


class Bench(Ground):
    """The ground, with the proxies before it."""

    def __init__(self, options):
        super().__init__(options, "bench")
        self._proxies = [c for c in options.only if c != "direct"]

    def prepare(self, cleanup):
        super().prepare(cleanup)
        self.options.tls = Tls(self.folder) if self.options.tls else None

    def run(self):
        o = self.options
        if "latency" in o.parts or "throughput" in o.parts:
            with self._started() as servers:
                for round_ in range(o.rounds):
                    self._timed_round(servers, round_)
        if "memory" in o.parts and self._proxies:
            for round_ in range(o.memory_rounds):
                self._memory_round(round_)
        return self.results

    @contextlib.contextmanager
    def _started(self):
        """Fresh proxies, each of which has answered; {name: Program}, with `direct`."""
        with contextlib.ExitStack() as cleanup:
            servers = {}
            for name in self._proxies:
                server = contenders.PROXIES[name](self.options, self.folder,
                                                  self.ollama.port)
                cleanup.callback(server.stop)
                if self.options.tls:
                    self.load.secure[server.port] = self.options.tls.authority
                servers[name] = server
            for server in servers.values():
                server.wait_until_listening()
                self.load.warm(server.port, f"{server.name}, first requests")
            yield servers | {"direct": self.ollama}

    def _order(self, round_):
        """Another one is first in every round."""
        only = self.options.only
        shift = round_ % len(only)
        return only[shift:] + only[:shift]

    def _timed_round(self, servers, round_):
        o = self.options
        for streams in o.streams if "latency" in o.parts else ():
            for name in self._order(round_):
                self._latency(servers, name, round_, streams)
        for records in (64, 1) if "throughput" in o.parts else ():
            for name in self._order(round_):
                self._throughput(servers, name, round_, records)

    def _measure(self, mode, servers, name, round_, **settings):
        server = servers[name]
        what = f"{name}, {mode}, {many(settings['streams'], 'stream')}"
        self._say(f"round {round_ + 1} of {self.options.rounds}: {what}")
        watched = server.processes() if name != "direct" else ()
        value = self.load.timed(mode, server.port, what, watched,
                                 window=self.options.seconds, **settings)
        server.check()
        self.results.raw.append({"contender": name, "round": round_, **value})
        return value

    def _latency(self, servers, name, round_, streams):
        records, gap = pace(streams)
        m = self._measure("paced", servers, name, round_, streams=streams, records=records,
                          gap_us=gap)
        at = many(streams, "stream")
        add = self.results.add
        for p in ("p50", "p90", "p99"):
            add(Quantity("Time to first record", f"{p}, {at}", "us"), name, round_,
                m["first_us"].get(p))
        for p in ("p50", "p90", "p99"):
            add(Quantity("Latency of a chunk", f"{p}, {at}", "us"), name, round_,
                m["record_us"].get(p))
        add(Quantity("Processor time", f"a chunk, paced, {at}", "us"), name, round_,
            m.get("cpu_us_per_record"))

    def _throughput(self, servers, name, round_, records):
        m = self._measure("saturate", servers, name, round_, streams=64, records=records)
        chunks = many(records, "chunk")
        add = self.results.add
        add(Quantity("Requests/s at saturation", f"of {chunks}, 64 streams", "1/s",
                     more_is_better=True), name, round_, m["requests_per_s"])
        add(Quantity("Processor time", f"a request of {chunks}, saturated", "us"), name, round_,
            m.get("cpu_us_per_request"))
        if records > 1:
            add(Quantity("Processor time", "a chunk, saturated", "us"), name, round_,
                m.get("cpu_us_per_record"))

    def _memory_round(self, round_):
        o = self.options
        with self._started() as servers:
            self._say(f"memory, round {round_ + 1} of {o.memory_rounds}: idle")
            self._idle(servers, round_, "no connection")
            with contextlib.ExitStack() as held:
                for name in self._proxies:
                    self._grow(servers, name, round_, "idle", o.connections,
                               f"an idle connection (of {o.connections:,})", held)
                self._idle(servers, round_, many(o.connections, "idle connection"))
        with self._started() as servers:
            self._say(f"memory, round {round_ + 1} of {o.memory_rounds}: open streams")
            for name in self._proxies:
                with contextlib.ExitStack() as held:
                    self._grow(servers, name, round_, "hold", o.held,
                               f"an open stream (of {o.held:,})", held)

    def _grow(self, servers, name, round_, mode, streams, what, held):
        """How much memory `streams` connections add; they stay until `held` ends."""
        server = servers[name]
        processes = server.processes()
        before = resident_kib(processes)
        held.enter_context(self.load.held(mode, server.port, f"{name}, {what}", streams))
        time.sleep(0.3)
        server.check()
        if mode == "idle":
            self.results.add(Quantity("Resident memory", "after the start", "KiB"), name,
                              round_, before)
        self.results.add(Quantity("Resident memory", what, "KiB"), name, round_,
                          (resident_kib(processes) - before) / streams)

    def _idle(self, servers, round_, what):
        """All at once: none of them has anything to do."""
        time.sleep(1)
        processes = {name: servers[name].processes() for name in self._proxies}
        before = {n: (time.monotonic(), processor_seconds(p)) for n, p in processes.items()}
        time.sleep(self.options.idle_seconds)
        for name, (began, used) in before.items():
            share = (processor_seconds(processes[name]) - used) / (time.monotonic() - began)
            self.results.add(Quantity("Idle processor time", what, "% of a core",
                                       compared=False), name, round_, share * 100)
            servers[name].check()

    @staticmethod
    def _say(text):
        print(f"bench: {text}", file=sys.stderr, flush=True)
