"""What stands before several Ollamas, and what is measured of each."""

import asyncio
import contextlib
import random
import subprocess
import sys
import time

from . import contenders
from .asking import Question, ask, percentile
from .failure import Failure
from .ground import Ground
from .native import Client
from .programs import built
from .results import Quantity

PLACES = 2  # of a model on each Ollama, as OLLAMA_NUM_PARALLEL

# Conductor with `parallel` in its file, and without.
TITLES = {"random": "direct, random", "haproxy": "HAProxy leastconn",
          "haproxy-queue": "HAProxy, queue", "nginx": "nginx least_conn",
          "conductor": "Conductor", "inferred": "Conductor, inferred"}
CONDUCTORS = ("conductor", "inferred")


class Fleet:
    """Ollamas of one contender, and the ports where it is asked: its own, or, without one,
    all of the Ollamas."""

    def __init__(self, name, ollamas, before=None):
        self.name = name
        self.ollamas, self.before = ollamas, before
        self.ports = [before.port] if before else [o.port for o in ollamas]

    async def ask(self, question, choice):
        """`choice`: a seeded random, with which a client without a proxy chooses."""
        try:
            return await ask(choice.choice(self.ports), question)
        except Failure as e:
            raise Failure(f"{self.name}: {e}") from None

    async def ask_all(self, clients, questions, seed):
        """Answers of [(pause in seconds, question)]: each client takes the next one, waits,
        and asks it."""
        left = iter(enumerate(questions))
        answers = []

        async def client():
            for n, (pause, question) in left:
                await asyncio.sleep(pause)
                answers.append(await self.ask(question, random.Random(f"{seed} {n}")))

        await asyncio.gather(*(client() for _ in range(clients)))
        return answers

    def counts(self, *names):
        """Sums of what the Ollamas counted."""
        all_ = []
        for o in self.ollamas:
            o.check()
            with Client(o.port) as client:
                all_.append(client.json("GET", "/_scripted/stats"))
        return [sum(c[name] for c in all_) for name in names]


class FleetStage(Ground):
    """Starts the contenders, each with Ollamas of its own, so that none finds what another
    has left there."""

    def __init__(self, options):
        super().__init__(options, "fleet")
        self.notes = []
        self._started = 0

    def prepare(self, cleanup):
        for name in ("scripted-ollama", "conductor"):
            built(self.options.build, name)

    def fleet(self, cleanup, name, backends, *arguments, models=(), more=""):
        """A contender. `arguments`: of its Ollamas; `models`: that these
        have besides `canned`; `more`: settings of Conductor."""
        self._started += 1
        folder = self.folder / f"{self._started}-{name}"
        folder.mkdir()
        ollamas = []
        for n in range(1, backends + 1):
            ollamas.append(contenders.ollama(self.options, folder, "--parallel", PLACES,
                                             *arguments, name=f"ollama-{n}"))
            cleanup.callback(ollamas[-1].stop)
        for o in ollamas:
            o.wait_until_listening()
            with Client(o.port) as client:
                for model in models:
                    client.text("POST", "/api/pull", {"model": model})
        before = self._proxy(name, folder, [o.port for o in ollamas], more)
        if before:
            cleanup.callback(before.stop)
            before.wait_until_listening()
        return Fleet(name, ollamas, before)

    def _proxy(self, name, folder, ports, more):
        o = self.options
        if name == "haproxy":
            return contenders.haproxy(o, folder, *ports)
        if name == "haproxy-queue":
            return contenders.haproxy(o, folder, *ports, places=PLACES)
        if name == "nginx":
            return contenders.nginx(o, folder, *ports)
        if name in CONDUCTORS:
            return contenders.conductor(o, folder, *ports, more=more,
                                        parallel=PLACES if name == "conductor" else None)
        return None

    async def _warm_all(self, fleets):
        await asyncio.gather(*(self._warm(fleet) for fleet in fleets))

    @staticmethod
    async def _warm(fleet, patience=15):
        """Asks until as many have answered as there are places."""
        end = time.monotonic() + patience
        choice = random.Random(0)
        while True:
            try:
                await asyncio.gather(*(
                    fleet.ask(Question("warm"), choice)
                    for _ in range(PLACES * len(fleet.ollamas))))
                return
            except Failure:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.1)

    def accepts(self, more):
        """Whether the program that is measured knows these settings."""
        file = self.folder / "asked.toml"
        file.write_text(more)
        return subprocess.run([built(self.options.build, "conductor"), "config", "check",
                               "--config", str(file)], capture_output=True,
                              check=False).returncode == 0

    def measure(self, section, part, backends, *arguments, only=None, **more):
        """Rounds of `part(fleet, share, seed)`, a coroutine that gives [(name, unit, value)],
        before every contender; a round's seed is the same for all of them."""
        names = [n for n in self.options.only if not only or n in only]
        with contextlib.ExitStack() as cleanup:
            fleets = [self.fleet(cleanup, n, backends, *arguments, **more) for n in names]
            asyncio.run(self._warm_all(fleets))
            for round_ in range(self.options.rounds):
                shift = round_ % len(fleets) if fleets else 0
                for fleet in fleets[shift:] + fleets[:shift]:
                    self.say(f"round {round_ + 1} of {self.options.rounds}: {section}, "
                             f"{TITLES[fleet.name]}")
                    values = asyncio.run(part(fleet, self.options.share, 1000 + round_))
                    if fleet.before:
                        fleet.before.check()
                    for name, unit, value in values:
                        self.results.add(Quantity(section, name, unit), fleet.name, round_,
                                         value)

    @staticmethod
    def say(text):
        print(f"fleet: {text}", file=sys.stderr, flush=True)


def times(name, seconds, shares=(50, 90, 99)):
    """Values of a part, in ms."""
    return [(f"{name}, p{p}", "ms", 1e3 * percentile(seconds, p / 100)) for p in shares]


def portion(share, count):
    return max(1, round(share * count))
