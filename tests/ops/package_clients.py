#!/usr/bin/env python3
"""Asks over a new connection each time until its input ends: package_clients.py PORT. Prints as JSON how many answers
there were and what failed; a line for each ten answers meanwhile."""

import http.client
import json
import sys
import threading

PORT = int(sys.argv[1])
answered, failures, over = [0], [], threading.Event()


def work():
    while not over.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        try:
            connection.request("POST", "/api/generate", json.dumps({"model": "canned", "prompt": "hi"}))
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or not body.rstrip().endswith(b"}") or b'"done":true' not in body:
                failures.append(f"{answer.status} {body[-200:]!r}")
        except (OSError, http.client.HTTPException) as failure:
            failures.append(repr(failure))
        finally:
            connection.close()
        answered[0] += 1
        if answered[0] % 10 == 0:
            print(answered[0], flush=True)


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
sys.stdin.read()
over.set()
for thread in threads:
    thread.join()
print(json.dumps({"answered": answered[0], "failures": failures}), flush=True)
