"""Scripted Ollamas that can be hurt."""

import json
import signal

from processes import Program, free_port, set_script, stats

MODELS = {"a": ["canned", "north"], "b": ["canned", "north"], "c": ["canned", "south"], "d": ["canned", "south"]}
CALM = {"echo": True, "gap_ms": 12}


class Backend:
    def __init__(self, program, name, models=None):
        self.program, self.name, self.port = program, name, free_port()
        self.all_models = models or MODELS[name]
        self.models, self.process = self.all_models, None
        self.garbage = []  # [from, until] of each time that it sends garbage
        self.start()

    def start(self):
        flags = [f for model in self.models for f in ("--model", model)]
        self.process = Program([self.program, "--port", str(self.port), "--script", json.dumps(CALM), *flags],
                               self.port).ready()

    def kill(self):
        if self.process:
            self.process.end()
        self.process = None

    def pause(self):
        self.process.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.process.send_signal(signal.SIGCONT)

    def script(self, **changes):
        set_script(self, **{**CALM, **changes})

    def stats(self):
        return stats(self)

    def heal(self):
        """Up, with all its models, and well."""
        if self.process and self.models == self.all_models:
            self.go_on()
            self.script()
            return
        self.kill()
        self.models = self.all_models
        self.start()

    def garbled(self, began, ended):
        return any(since <= ended and until >= began for since, until in self.garbage)
