#!/usr/bin/env python3
"""The disk of the store is full: disk_full_test.py CONDUCTOR SCRIPTED_OLLAMA. The node serves on, refuses what it
could not keep, says so on every surface, loses nothing that it acknowledged, and recovers by itself."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guards"))
from processes import ask, conductor, scripted_ollama, until  # noqa: E402

NODE, OLLAMA = sys.argv[1:3]
folder = pathlib.Path(tempfile.mkdtemp(prefix="conductor-full-"))
disk = folder / "disk"
disk.mkdir()
# A small file system of the node's own, in a mount namespace of its own, which needs no root.
wrapper = folder / "on-a-small-disk"
wrapper.write_text(f'#!/bin/sh\nmount -t tmpfs -o size=600k tmpfs {disk} || exit 77\nexec "$@"\n')
wrapper.chmod(0o755)
before = ("unshare", "--user", "--map-root-user", "--mount", str(wrapper))


def request(port, method, path, body=None):
    status, data = ask(port, method, path, body)
    return status, data if isinstance(data, str) else data.decode()


def seen_from_inside(pid):
    """The disk as the node sees it."""
    return pathlib.Path(f"/proc/{pid}/root") / str(disk).lstrip("/")


try:
    with scripted_ollama(OLLAMA) as ollama, \
            conductor(NODE, ollama.port, "--data-dir", str(disk), before=before) as node:
        until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
        session = json.loads(request(node.port, "POST", "/conductor/v1/sessions", {"model": "canned"})[1])["id"]
        messages = f"/conductor/v1/sessions/{session}/messages"
        kept, refused = 0, None
        for i in range(200):
            status, body = request(node.port, "POST", messages, {"content": f"{i} " + "x" * 20000})
            if status != 200:
                refused = json.loads(body)
                break
            kept += 1
        assert refused is not None, "the disk never was full"
        assert kept > 0, "nothing was ever stored"
        assert status == 503 and refused["code"] == "store_failed", (status, refused)
        assert "full" in refused["detail"], refused

        # Said on every surface, and everything else goes on.
        status, ready = request(node.port, "GET", "/readyz")
        assert status == 503 and ready.startswith("store: ") and "full" in ready, ready
        status, ready = request(node.port, "GET", "/readyz?exclude=store")
        assert status == 200 and ready.startswith("ready\nstore: "), ready
        assert "conductor_store_up 0" in request(node.port, "GET", "/metrics")[1]
        assert json.loads(request(node.port, "GET", "/conductor/v1/status")[1])["store"]["state"] == "failed"
        status, answer = request(node.port, "POST", "/api/generate", {"model": "canned", "prompt": "hi"})
        assert status == 200 and '"done":true' in answer, answer
        stored = json.loads(request(node.port, "GET", f"/conductor/v1/sessions/{session}")[1])["messages"]
        asked = [m for m in stored if m["role"] == "user"]
        assert [m["content"].split()[0] for m in asked] == [str(i) for i in range(kept)], len(asked)

        # Room again: found out without anybody's asking, and new messages are taken.
        subprocess.run(["nsenter", "--user", "--preserve-credentials", "--mount", f"--target={node.process.pid}",
                        "mount", "-o", "remount,size=20m", str(disk)], check=True)
        until("readiness again", lambda: request(node.port, "GET", "/readyz") == (200, "ready\n"))
        assert request(node.port, "POST", messages, {"content": "again", "when_busy": "queue"})[0] == 200
        states = {m["state"] for m in json.loads(
            request(node.port, "GET", f"/conductor/v1/sessions/{session}")[1])["messages"]}
        assert states == {"done"}, states
    print(f"{kept} messages kept, then full, then room again: nothing lost")
finally:
    shutil.rmtree(folder, ignore_errors=True)
