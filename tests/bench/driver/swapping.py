"""Two models, of which each backend can hold one."""

import random

from .asking import Question, words
from .fleet_stage import portion, times

SECTION = "Two models that do not fit together, 2 backends"
CLIENTS, REQUESTS = 4, 10
RECORDS, GAP_MS = 30, 2
LOAD_MS = 1500
MODELS = ("canned", "second")


def measure(stage):
    stage.measure(SECTION, _part, 2, "--max-loaded", 1,
                  "--load-ms", portion(stage.options.share, LOAD_MS), models=MODELS[1:])


async def _part(fleet, share, seed):
    before, = fleet.counts("loads")
    chance = random.Random(seed)
    answers = await fleet.ask_all(CLIENTS, [
        (0, Question(words(n, RECORDS), 10, GAP_MS, chance.choice(MODELS)))
        for n in range(portion(share, REQUESTS))], seed)
    after, = fleet.counts("loads")
    return [*times("completion", [a.whole for a in answers], (50, 99)),
            (f"loads for {len(answers)} requests", "", after - before)]
