"""One who asks for much at once, and nine who ask for little."""

import asyncio
import contextlib
import random

from .asking import Question, words
from .fleet_stage import portion, times

SECTION = "One heavy user and nine light ones, 2 backends"
HEAVY_AT_ONCE, LONG = 12, 120  # requests, records
LIGHT, REQUESTS, SHORT = 9, 3, 20  # users, requests of each, records
GAP_MS, FIRST_MS = 2, 10
PAUSE_S = 0.15  # mean, of a light user
USER = "X-OpenWebUI-User-Id"


def measure(stage):
    stage.measure(SECTION, _part, 2)


async def _heavy(fleet, number, seed):
    chance = random.Random(f"{seed} heavy {number}")
    n = 0
    while True:
        await fleet.ask(Question(words(f"heavy.{number}.{n}", LONG), FIRST_MS, GAP_MS,
                                 headers={USER: "heavy"}), chance)
        n += 1


async def _light(fleet, number, seed, count, answers):
    chance = random.Random(f"{seed} light {number}")
    for n in range(count):
        await asyncio.sleep(chance.expovariate(1 / PAUSE_S))
        answers.append(await fleet.ask(
            Question(words(f"light.{number}.{n}", SHORT), FIRST_MS, GAP_MS,
                     headers={USER: f"light-{number}"}), chance))


async def _part(fleet, share, seed):
    answers = []
    heavy = [asyncio.ensure_future(_heavy(fleet, n, seed)) for n in range(HEAVY_AT_ONCE)]
    try:
        await asyncio.sleep(0.2)
        await asyncio.gather(*(
            _light(fleet, n, seed, portion(share, REQUESTS), answers) for n in range(LIGHT)))
    finally:
        for h in heavy:
            # What has ended by itself has failed, and says so below.
            h.cancel()
    for h in heavy:
        with contextlib.suppress(asyncio.CancelledError):
            await h
    return [*times("light users' first record", [a.first for a in answers], (50, 99)),
            *times("light users' completion", [a.whole for a in answers], (50, 99))]
