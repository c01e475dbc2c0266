"""Short and long requests of many clients to one model."""

import random
import time

from .asking import Question, words
from .fleet_stage import PLACES, portion, times

FLEETS = (2, 4)
CLIENTS = 1.5  # for each place
REQUESTS = 9  # for each place
SHORT, LONG = 20, 400  # records
LONG_SHARE = 0.2
GAP_MS = 2
FIRST_MS = (5, 40)  # of a long one three times that
PAUSE_S = 0.05  # mean, from an answer to the client's next question


def measure(stage):
    for backends in FLEETS:
        stage.measure(f"Short and long requests, {backends} backends", _part, backends)


def _questions(count, chance):
    """As many long ones in every round, in another order."""
    long = round(LONG_SHARE * count)
    sizes = [LONG] * long + [SHORT] * (count - long)
    chance.shuffle(sizes)
    for n, size in enumerate(sizes):
        first = chance.uniform(*FIRST_MS) * (3 if size == LONG else 1)
        yield chance.expovariate(1 / PAUSE_S), Question(words(n, size), first, GAP_MS)


async def _part(fleet, share, seed):
    places = PLACES * len(fleet.ollamas)
    questions = list(_questions(portion(share, REQUESTS * places), random.Random(seed)))
    began = time.perf_counter()
    answers = await fleet.ask_all(round(CLIENTS * places), questions, seed)
    lasted = time.perf_counter() - began
    return [*times("first record", [a.first for a in answers]),
            *times("completion", [a.whole for a in answers]),
            ("answers/s", "1/s", len(answers) / lasted)]
