"""Two clients that want different context lengths of one model."""

import asyncio
import random

from .asking import Question, words
from .fleet_stage import CONDUCTORS, portion, times

SECTION = "Two values of num_ctx, 1 backend"
REQUESTS = 4  # of each client
RECORDS, GAP_MS = 20, 2
LOAD_MS = 250
LENGTHS = (2048, 8192)
RAISE = '[[model]]\nname = "canned"\nnum_ctx = 8192\noptions = "raise"\n'


def measure(stage):
    stage.measure(SECTION, _part, 1, "--load-ms", LOAD_MS)
    if not stage.accepts(RAISE):
        stage.notes.append('This Conductor knows no `options = "raise"`.')
    elif any(name in stage.options.only for name in CONDUCTORS):
        stage.measure(f'{SECTION}, `options = "raise"`', _part, 1, "--load-ms", LOAD_MS,
                      only=CONDUCTORS, more=RAISE)


async def _part(fleet, share, seed):
    before, = fleet.counts("loads")
    answers = []

    async def client(length):
        chance = random.Random(f"{seed} {length}")
        for n in range(portion(share, REQUESTS)):
            answers.append(await fleet.ask(
                Question(words(f"{length}.{n}", RECORDS), 10, GAP_MS,
                         options={"num_ctx": length}), chance))

    await asyncio.gather(*(client(length) for length in LENGTHS))
    after, = fleet.counts("loads")
    return [*times("completion", [a.whole for a in answers], (50, 99)),
            (f"loads for {len(answers)} requests", "", after - before)]
