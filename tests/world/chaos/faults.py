"""What happens to backends: each fault to one of them, for a while, after which it is as before."""

import random
import threading
import time

from chaos.records import GARBAGE


def killed(b, chance, rest):
    b.kill()
    b.start()
    rest(chance.uniform(0.1, 0.5))


def paused(b, chance, rest):
    b.pause()
    rest(chance.uniform(0.3, 4.5))
    b.go_on()


def down(b, chance, rest):
    b.kill()
    rest(chance.uniform(0.3, 2.5))
    b.start()


def flapping(b, chance, rest):
    for _ in range(chance.randint(4, 10)):
        b.kill()
        rest(chance.uniform(0.02, 0.2))
        b.start()
        rest(chance.uniform(0.02, 0.2))


def other_models(b, chance, rest):
    b.kill()
    b.models = chance.sample(["canned", "north", "south"], chance.randint(1, 2))
    b.start()
    rest(chance.uniform(0.5, 2))


def _scripted(b, rest, seconds, **changes):
    b.script(**changes)
    rest(seconds)
    b.script()


def dying(b, chance, rest):
    _scripted(b, rest, chance.uniform(0.3, 1.5), die_after=chance.randint(0, 8), partial=chance.random() < 0.5,
              reset=chance.random() < 0.7)


def dripping(b, chance, rest):
    _scripted(b, rest, chance.uniform(0.5, 2.5), split=chance.randint(1, 40), split_us=chance.randint(1, 1500))


def garbling(b, chance, rest):
    b.garbage.append([time.monotonic(), float("inf")])
    _scripted(b, rest, chance.uniform(0.3, 1.5), garbage_after=chance.randint(0, 6), garbage=GARBAGE + "\n",
              garbage_frame=chance.random() < 0.5)
    b.garbage[-1][1] = time.monotonic()


def busy(b, chance, rest):
    _scripted(b, rest, chance.uniform(0.5, 2), status=503,
              error_text="server busy, please try again.  maximum pending requests exceeded")


def failing(b, chance, rest):
    _scripted(b, rest, chance.uniform(0.3, 1), error_after=chance.randint(0, 6))


def silent(b, chance, rest):
    how = {"hang": True} if chance.random() < 0.3 else {"hang_after": chance.randint(0, 6)}
    _scripted(b, rest, chance.uniform(0.2, 0.6), **how)


FAULTS = (killed, paused, down, flapping, other_models, dying, dripping, garbling, busy, failing, silent)


class Driver(threading.Thread):
    """Hurts one backend, again and again, until `stop`: with the faults dealt to it, then with any. Heals it at the
    end."""

    def __init__(self, backend, dealt, seed, stop, pause):
        super().__init__(daemon=True)
        self.backend, self.dealt, self.stop, self.pause = backend, list(dealt), stop, pause
        self.chance = random.Random(f"{seed} {backend.name}")
        self.journal, self.failure = [], None  # (fault, backend, from, until)

    def run(self):
        try:
            while not self.stop.wait(self.chance.uniform(*self.pause)):
                fault = self.dealt.pop() if self.dealt else self.chance.choice(FAULTS)
                began = time.monotonic()
                fault(self.backend, self.chance, self.stop.wait)
                self.journal.append((fault.__name__, self.backend.name, began, time.monotonic()))
            self.backend.heal()
        except Exception as e:  # told by the test
            self.failure = e


def drivers_of(backends, seed, stop, pause=(0.2, 1.2)):
    """One for each; together they play every fault early on, with such pauses in seconds between."""
    deck = random.Random(seed).sample(FAULTS, len(FAULTS))
    return [Driver(b, deck[i::len(backends)], seed, stop, pause) for i, b in enumerate(backends)]
