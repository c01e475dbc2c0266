"""The client's side of a WebSocket, on which every bit of a frame can be chosen."""

import base64
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Frames:
    """One connection to the node's WebSocket. Raises EOFError where it ends, OSError where it breaks or nothing comes
    for `patience` seconds, ValueError where the upgrade is no answer. `over` is a connection that is there already."""

    def __init__(self, host, port, patience, headers=(), over=None):
        self.socket = over or socket.create_connection((host, port), timeout=patience)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET /conductor/v1/ws HTTP/1.1", f"Host: {host}:{port}", "Connection: Upgrade", "Upgrade: websocket",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers]
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.exactly(1)
        first, *fields = head.decode().split("\r\n")[:-2]
        if not first.startswith("HTTP/1.1 101"):
            raise ValueError(f"no WebSocket: {head}")
        self.headers = {name.lower(): value for name, value in (f.split(": ", 1) for f in fields)}

    def exactly(self, n):
        data = b""
        while len(data) < n:
            part = self.socket.recv(n - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def send(self, opcode, payload=b"", fin=True, mask=True, reserved=0, length=None):
        size = len(payload) if length is None else length
        first = (0x80 if fin else 0) | reserved << 4 | opcode
        bits = 0x80 if mask else 0
        head = (struct.pack("!BB", first, bits | size) if size < 126
                else struct.pack("!BBH", first, bits | 126, size) if size < 65536
                else struct.pack("!BBQ", first, bits | 127, size))
        key = os.urandom(4) if mask else b""
        body = bytes(b ^ key[i % 4] for i, b in enumerate(payload)) if mask else payload
        self.socket.sendall(head + key + body)

    def receive(self):
        """(opcode, payload) of the next frame."""
        first, size = struct.unpack("!BB", self.exactly(2))
        if size == 126:
            size, = struct.unpack("!H", self.exactly(2))
        elif size == 127:
            size, = struct.unpack("!Q", self.exactly(8))
        return first & 15, self.exactly(size)
