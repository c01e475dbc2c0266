"""Runs the load generator, conductor-load, against a server."""

import json
import subprocess
import time

from .failure import Failure
from .programs import built


class Load:
    def __init__(self, build):
        self._program = built(build, "conductor-load")
        self.secure = {}  # port: who signed for what speaks TLS there

    def timed(self, mode, port, what, watched=(), **settings):
        """One measurement; the load generator's JSON. `what` names it in a failure."""
        command = self._command(mode, port, settings)
        if watched:
            command += ["--cpu-of", ",".join(map(str, watched))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"{what}: {done.stderr.strip() or f'ended with {done.returncode}'}")
        return json.loads(done.stdout)

    def warm(self, port, what, patience=15):
        """Asks until an answer is right: a proxy may first have to find out that its Ollama
        is there."""
        end = time.monotonic() + patience
        while True:
            try:
                return self.timed("paced", port, what, streams=4, records=4, gap_us=500,
                                  warmup=0, window=0.2, patience=patience)
            except Failure:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def held(self, mode, port, what, streams):
        return Held(self._command(mode, port, {"streams": streams, "patience": 60}), what)

    def _command(self, mode, port, settings):
        command = [self._program, mode, "--port", str(port)]
        if port in self.secure:
            command += ["--ca", str(self.secure[port])]
        for name, value in settings.items():
            option = "--" + name.replace("_", "-")
            command += [option] if value is True else [option, str(value)]
        return command


class Held:
    """Connections or streams that are there inside the `with`, and must survive it."""

    def __init__(self, command, what):
        self._what = what
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        if self._process.stdout.readline() != "ready\n":
            self._fail()
        return self

    def __exit__(self, kind, *_):
        _, self._error = self._process.communicate()
        if kind is None and self._process.returncode != 0:
            self._fail(self._error)

    def _fail(self, error=None):
        error = error if error is not None else self._process.communicate()[1]
        raise Failure(f"{self._what}: {error.strip()}")
