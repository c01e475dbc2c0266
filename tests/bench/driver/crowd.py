"""Clients that ask again and again, also when they are refused, as retrying programs do."""

import asyncio
import json
import time


class Outcome:
    """What a crowd saw in its window."""

    def __init__(self):
        self.first, self.whole, self.refused = [], 0, []  # seconds; answers; seconds
        self.wrong = []


async def _exchange(port, body, outcome, window):
    begin = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                     b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if status == 200:
            first = time.perf_counter() - begin
            text = await reader.read()
            if b'"done":true' not in text:
                outcome.wrong.append("an answer without its last record")
            elif window.open():
                outcome.first.append(first)
                outcome.whole += 1
            return True
        await reader.read()
        if status in (429, 503) and b"retry-after" in head.lower():
            if window.open():
                outcome.refused.append(time.perf_counter() - begin)
        else:
            outcome.wrong.append(f"status {status}")
        return False
    finally:
        writer.close()


class _Window:
    def __init__(self, warm_up, seconds):
        now = time.perf_counter()
        self.begin, self.end = now + warm_up, now + warm_up + seconds

    def open(self):
        return self.begin <= time.perf_counter() <= self.end

    def over(self):
        return time.perf_counter() > self.end


async def _crowd(port, clients, script, pause, warm_up, seconds):
    body = json.dumps({"model": "canned", "prompt": "x", "options": {"script": script}}).encode()
    outcome, window = Outcome(), _Window(warm_up, seconds)

    async def client():
        while not window.over():
            try:
                served = await _exchange(port, body, outcome, window)
            except (OSError, asyncio.IncompleteReadError) as e:
                outcome.wrong.append(f"connection: {e}")
                served = False
            if not served:
                await asyncio.sleep(pause)

    await asyncio.gather(*(client() for _ in range(clients)))
    return outcome


def ask(port, clients, script, pause, warm_up, seconds):
    """So many clients at once, who get answers by `script`; one that is refused asks again after `pause` seconds."""
    return asyncio.run(_crowd(port, clients, script, pause, warm_up, seconds))
