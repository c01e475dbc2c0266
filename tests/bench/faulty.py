"""What conductor-load says of a server that answers wrongly."""

import socketserver
import subprocess
import threading


def answer(handler, text, framing):
    """Answers a request with `text`, once its head has come, and waits for the peer's end."""
    while handler.rfile.readline() not in (b"\r\n", b""):
        pass
    handler.wfile.write(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n{text}".encode())
    handler.rfile.read()


def verdict(build, handler, arguments, **told):
    """Exit status and words of conductor-load before a server of that handler, which finds
    `told` as the server's attributes."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        vars(server).update(told)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = subprocess.run(
            [build / "conductor-load", "saturate", "--port", str(server.server_address[1]),
             "--patience", "5", *arguments],
            capture_output=True, text=True, timeout=30, check=False)
        server.shutdown()
    return done.returncode, done.stderr.strip()
