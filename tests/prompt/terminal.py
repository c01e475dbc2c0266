"""A person's terminal: runs a program in a pseudo-terminal and shows what its screen shows."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte

PATIENCE = 20.0


class Terminal:
    """A program on a terminal of `columns` and `rows`. Ends with its `with` block."""

    def __init__(self, command, environment, columns=80, rows=24, cwd=None):
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=0.5)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if cwd:
                os.chdir(cwd)
            os.execvpe(command[0], command, environment)
        self.resize(columns, rows)

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def _take(self, wait):
        """Shows what the program wrote within `wait`; whether it wrote anything."""
        ready, _, _ = select.select([self.fd], [], [], wait)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if not data:
            if self.status is None:
                self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return False
        self.raw += data
        self.stream.feed(data)
        return True

    def lines(self):
        """All lines so far, those that left the screen too, without the blanks at their ends."""
        above = ["".join(row[x].data for x in range(self.screen.columns)) for row in self.screen.history.top]
        return [line.rstrip() for line in [*above, *self.screen.display]]

    def text(self):
        return "\n".join(self.lines()).rstrip("\n")

    def line(self):
        """The line with the cursor."""
        return self.screen.display[self.screen.cursor.y].rstrip()

    def until(self, what, true, patience=PATIENCE):
        """Waits until `true()` is, and returns it."""
        end = time.monotonic() + patience
        while True:
            while self._take(0):
                pass
            value = true()
            if value:
                return value
            if self.status is not None or time.monotonic() > end:
                raise AssertionError(f"waited for {what}; status {self.status}; the screen:\n{self.text()}")
            self._take(0.05)

    def sees(self, text, patience=PATIENCE):
        self.until(repr(text), lambda: text in self.text(), patience)

    def types(self, text):
        os.write(self.fd, text.encode() if isinstance(text, str) else text)

    def pastes(self, text):
        self.types("\x1b[200~" + text + "\x1b[201~")

    def ended(self):
        """The exit status, once the program has ended."""
        end = time.monotonic() + PATIENCE
        while self.status is None and time.monotonic() < end:
            self._take(0.05)
        if self.status is None:
            raise AssertionError(f"it goes on; the screen:\n{self.text()}")
        return self.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
