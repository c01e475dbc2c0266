"""Conversations whose histories grow, on backends that remember prompts."""

import asyncio
import random

from .asking import Question, words
from .fleet_stage import portion, times

SECTION = "Conversations of {} turns, {} at a time, 4 backends"
BACKENDS, AT_ONCE, TURNS = 4, 8, 6
BEGINNING, QUESTION, ANSWER = 200, 30, 40  # words
PREFILL_US, DECODE_US = 300, 2000
PAUSE_S = 0.1  # mean, before a turn
CHAT = "X-OpenWebUI-Chat-Id"
SYSTEM = {"role": "system", "content": "You are a helpful assistant."}


def measure(stage):
    stage.measure(SECTION.format(portion(stage.options.share, TURNS), AT_ONCE), _part,
                  BACKENDS, "--prefill-us", PREFILL_US, "--decode-us", DECODE_US)


async def _talk(fleet, name, turns, chance, firsts):
    messages = [SYSTEM]
    for turn in range(turns):
        await asyncio.sleep(chance.expovariate(1 / PAUSE_S))
        length = QUESTION if turn else BEGINNING
        messages.append({"role": "user", "content": words(f"{name}.q{turn}", length)})
        text = words(f"{name}.a{turn}", ANSWER)
        answer = await fleet.ask(Question(text, messages=tuple(messages),
                                          headers={CHAT: name}), chance)
        messages.append({"role": "assistant", "content": text})
        if turn:
            firsts.append(answer.first)


async def _part(fleet, share, seed):
    before, cached_before = fleet.counts("prompt_tokens", "prompt_tokens_cached")
    firsts = []
    # Named after the round, so that nothing of another one is found in a cache.
    await asyncio.gather(*(
        _talk(fleet, f"{seed}.{n}", portion(share, TURNS), random.Random(f"{seed} {n}"), firsts)
        for n in range(AT_ONCE)))
    tokens, cached = fleet.counts("prompt_tokens", "prompt_tokens_cached")
    return [("prompt tokens found in cache", "%",
             100 * (cached - cached_before) / (tokens - before)),
            *times("first record of later turns", firsts)]
