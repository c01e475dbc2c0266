"""What all measurements of sessions stand on."""

import contextlib
import sys

from . import contenders
from .ground import Ground
from .native import new_sessions


class Stage(Ground):
    """The ground, with nodes whose stores are in its folder."""

    def __init__(self, options):
        super().__init__(options, "sessions", options.folder)
        self.notes = []

    def start(self, data):
        """A node on the store in that folder of the stage's, as soon as it is started."""
        return contenders.conductor(self.options, self.folder, self.ollama.port,
                                    data=self.folder / data)

    @contextlib.contextmanager
    def node(self, data):
        """The same, which has answered."""
        node = self.start(data)
        try:
            node.wait_until_listening()
            self.load.warm(node.port, "conductor, first requests")
            yield node
        finally:
            node.stop()

    def timed(self, mode, node, path, what, each=1, **settings):
        """One measurement of conductor-load over `path`, "session" or "chat"; every stream
        has `each` fresh sessions of its own. Gives the values and the sessions' ids."""
        self.say(f"{what}, {path}")
        ids = []
        if path == "session":
            ids = new_sessions(node.port, settings["streams"] * each)
            file = self.folder / "sessions.txt"
            file.write_text("".join(f"{i}\n" for i in ids))
            settings["sessions"] = file
        else:
            settings["own_text"] = True
        value = self.load.timed(mode, node.port, f"{what}, {path}", node.processes(), **settings)
        node.check()
        self.results.raw.append({"what": what, "path": path, **value})
        return value, ids

    def order(self, round_, names):
        """Another one is first in every round."""
        shift = round_ % len(names)
        return names[shift:] + names[:shift]

    @staticmethod
    def say(text):
        print(f"sessions: {text}", file=sys.stderr, flush=True)
