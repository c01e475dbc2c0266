"""What every measurement stands on."""

import contextlib
import pathlib
import tempfile

from . import contenders
from .load import Load
from .programs import many_descriptors
from .results import Results


class Ground:
    """Owns a folder, in `parent` or the system's, and what was prepared there, while it is
    entered."""

    def __init__(self, options, name, parent=None):
        self.options = options
        self.results = Results()
        self._name, self._parent = name, parent
        self._cleanup = contextlib.ExitStack()

    def prepare(self, cleanup):
        """Starts what is there from the beginning: the scripted Ollama."""
        self.load = Load(self.options.build)
        self.ollama = contenders.ollama(self.options, self.folder)
        cleanup.callback(self.ollama.stop)
        self.ollama.wait_until_listening()
        self.load.warm(self.ollama.port, "scripted-ollama")

    def __enter__(self):
        with self._cleanup:
            many_descriptors()
            self.folder = pathlib.Path(self._cleanup.enter_context(tempfile.TemporaryDirectory(
                prefix=f"conductor-{self._name}-", dir=self._parent)))
            self.prepare(self._cleanup)
            self._cleanup = self._cleanup.pop_all()
        return self

    def __exit__(self, *_):
        self._cleanup.close()
