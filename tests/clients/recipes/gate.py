"""What stands between the node and Ollama, and lets an answer's first words through alone."""

import contextlib
import json
import re
import socket
import threading

# The first record with text of an answer, in the dialects of Ollama and of OpenAI; an event ends with an empty line.
_WORDS = re.compile(rb'"(?:response|content|delta)":("(?:[^"\\]|\\.)*[^"\\\s](?:[^"\\]|\\.)*")[^\n]*\n\n?')


class Gate:
    """Passes connections on to a port of this machine. Every answer that streams is held behind its first record
    with text until `open()`, so that a client that says its words by then cannot have waited for the end."""

    def __init__(self, port):
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._lock = threading.Condition()
        self._held = []
        threading.Thread(target=self._accept, daemon=True).start()

    def held(self):
        """The first words of the answers that are held, oldest first."""
        with self._lock:
            return [words for words, _ in self._held]

    def open(self):
        """Lets the oldest go on."""
        with self._lock:
            self._held.pop(0)[1].set()

    def close(self):
        self._listener.close()
        with self._lock:
            for _, go in self._held:
                go.set()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client, server), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, True), daemon=True).start()

    def _pass(self, source, target, holds=False):
        begun, held = b"", False
        try:
            while data := source.recv(65536):
                if holds:
                    # A head begins each answer: nothing else that Ollama says does.
                    if data.startswith(b"HTTP/1.1 "):
                        begun, held = b"", False
                    before, begun = len(begun), begun + data
                    if not held and (first := _WORDS.search(begun)) and _streams(begun):
                        held, cut = True, first.end() - before
                        target.sendall(data[:cut])
                        self._wait(json.loads(first[1]))
                        data = data[cut:]
                target.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, target):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            source.close()

    def _wait(self, words):
        go = threading.Event()
        with self._lock:
            self._held.append((words.strip(), go))
        go.wait()


def _streams(answer):
    head = answer[:answer.find(b"\r\n\r\n")].lower()
    return b"ndjson" in head or b"event-stream" in head
