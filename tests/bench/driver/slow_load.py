"""Sessions that answer while another one waits for its model to be loaded."""

import contextlib
import json
import threading
import time

from .failure import Failure
from .native import SESSIONS, Client
from .results import Quantity

COLUMNS = {"waiting": "one waits", "alone": "none waits"}
CLIENTS = 8
SECTION = f"{CLIENTS} sessions while another waits for a model"

RECORDS, GAP_US = 4, 2000
# The load outlasts the window by this; who waits for it has left by then.
MARGIN_S = 5
MODEL = "thinker"


def measure(stage):
    o = stage.options
    with stage.node("slow-load") as node:
        for round_ in range(o.rounds):
            for name in stage.order(round_, list(COLUMNS)):
                with (_waiting(stage, node) if name == "waiting"
                      else contextlib.nullcontext()):
                    m, _ = stage.timed(
                        "paced", node, "session",
                        f"slow load, {COLUMNS[name]}, round {round_ + 1} of {o.rounds}",
                        each=32, streams=CLIENTS, records=RECORDS, gap_us=GAP_US,
                        window=o.seconds)
                for p in ("p50", "p99"):
                    stage.results.add(Quantity(SECTION, f"POST to the first text, {p}", "µs"),
                                      name, round_, m["first_us"].get(p))


@contextlib.contextmanager
def _waiting(stage, node):
    """A session whose model is being loaded, to the end of the `with` block."""
    with Client(node.port) as client, Client(stage.ollama.port) as ollama:
        session = client.new_session(model=MODEL)
        load_s = stage.options.seconds + MARGIN_S
        ollama.json("POST", "/_scripted/script", {"route": "load", "once": {"load_ms": int(load_s * 1000)}})
        before = ollama.json("GET", "/_scripted/stats")["loads"]
        heard = []
        thread = threading.Thread(target=_ask, args=(node.port, session, heard, load_s + 30), daemon=True)
        thread.start()
        end = time.monotonic() + 30
        while ollama.json("GET", "/_scripted/stats")["loads"] == before:
            if time.monotonic() > end or not thread.is_alive():
                raise Failure(f"the slow load did not begin: {heard}")
            time.sleep(0.01)
        yield
        if not thread.is_alive():
            raise Failure(f"the session that was to wait did not: {heard}")
        client.json("POST", f"{SESSIONS}/{session}/cancel")
        thread.join(30)
        said = [json.loads(line)["type"] for line in "".join(heard).splitlines()]
        if thread.is_alive() or "delta" in said or said[-1:] != ["cancelled"]:
            raise Failure(f"a cancelled wait for a model ended with {heard}")
        # Nobody's leaving ends a load: the next round needs the model out of memory again.
        end = time.monotonic() + load_s + 30
        while not any(m["name"].startswith(MODEL) for m in ollama.json("GET", "/api/ps")["models"]):
            if time.monotonic() > end:
                raise Failure("the slow load did not end")
            time.sleep(0.05)
        ollama.json("POST", "/api/generate", {"model": MODEL, "keep_alive": 0})


def _ask(port, session, heard, patience):
    with Client(port, patience) as client:
        try:
            heard.append(client.text("POST", f"{SESSIONS}/{session}/messages", {"content": "Wake up."}))
        except Failure as e:
            heard.append(str(e))
