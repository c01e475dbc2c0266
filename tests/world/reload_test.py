#!/usr/bin/env python3
"""The configuration changes while the node runs: reload_test.py CONDUCTOR SCRIPTED_OLLAMA. Backends and rules for
models are used at once, what needs a restart is named, and what is wrong changes nothing."""

import json
import pathlib
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guards"))
from processes import Program, ask, free_port, scripted_ollama, until  # noqa: E402

NODE, OLLAMA = sys.argv[1:3]


def backends(port):
    return {b["name"]: b["state"] for b in json.loads(ask(port, "GET", "/conductor/v1/status")[1])["backends"]}


def loads(ollama):
    return json.loads(ask(ollama.port, "GET", "/_scripted/stats")[1])["loads"]


def generate(port, num_ctx):
    body = {"model": "canned", "prompt": "x", "stream": False, "options": {"num_ctx": num_ctx}}
    status, text = ask(port, "POST", "/api/generate", body)
    assert status == 200, text


with tempfile.TemporaryDirectory(prefix="conductor-reload-") as folder, \
        scripted_ollama(OLLAMA) as one, scripted_ollama(OLLAMA) as two:
    file = pathlib.Path(folder) / "conductor.toml"
    first = f'[[backend]]\nname = "one"\nurl = "http://127.0.0.1:{one.port}"\nparallel = 1\n'
    second = f'[[backend]]\nname = "two"\nurl = "http://127.0.0.1:{two.port}"\nparallel = 1\n'
    rule = '[[model]]\nname = "canned"\noptions = "raise"\n'
    file.write_text(first)
    port = free_port()
    with Program([NODE, "serve", "--listen", f"127.0.0.1:{port}", "--config", str(file)], port).ready() as node:
        until("the backend", lambda: backends(port) == {"one": "up"})
        for num_ctx in (8192, 2048, 8192):
            generate(port, num_ctx)
        assert loads(one) == 3, "without a rule every change reloads"

        # A rule for a model, by the changed file alone.
        file.write_text(first + rule)
        until("the rule", lambda: "1 rules for models" in node.log())
        before = loads(one)
        for num_ctx in (2048, 8192, 2048):
            generate(port, num_ctx)
        assert loads(one) == before, "with the rule none does"

        # What is wrong changes nothing; SIGHUP reads it again.
        file.write_text(first + second + rule + "[queue]\nlimit = \"many\"\n")
        until("the refusal", lambda: "cannot be used" in node.log())
        assert backends(port) == {"one": "up"}, backends(port)
        said = node.log().count("cannot be used")
        node.process.send_signal(signal.SIGHUP)
        until("another look", lambda: node.log().count("cannot be used") > said)

        # Nor does a file that somebody has emptied to write it anew.
        file.write_text("")
        until("the empty file", lambda: "the file is empty" in node.log())
        assert backends(port) == {"one": "up"}, backends(port)

        # A backend more; and a key that needs a restart is named.
        file.write_text(first + second + rule + "[queue]\nlimit = 7\n")
        until("both backends", lambda: backends(port) == {"one": "up", "two": "up"})
        assert "in use only after a restart: queue.limit" in node.log(), node.log()
        file.write_text(second)
        until("the first one's leaving", lambda: backends(port) == {"two": "up"})
        generate(port, 2048)
    print("rules, backends, refusals and restarts: as the file says")
