"""What schemathesis cannot know: half of what it names is there, streams of events end, and no backend that it
makes up is asked anything beyond this machine."""

import functools
import itertools
import json
import os
import threading
import urllib.parse
import urllib.request

import jsonschema_rs
import schemathesis

ROOT = os.environ["CONDUCTOR_URL"] + "/conductor/v1"
NOBODY = "http://127.0.0.1:1"  # where nothing listens
calls = itertools.count()
accepts = itertools.cycle([None, "application/json", "text/event-stream"])


def ask(method, path, body=None):
    request = urllib.request.Request(ROOT + path, method=method,
                                     data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read()


documents = {name: json.loads(ask("GET", f"/{name}")) for name in ("openapi.json", "events.schema.json")}
registry = jsonschema_rs.Registry([(f"http://node/{name}", document) for name, document in documents.items()])


def validator(place):
    """Of what the schema at that place of the documents allows."""
    return jsonschema_rs.Draft202012Validator({"$ref": "http://node/" + place}, registry=registry)


def pointer(*names):
    return "".join("/" + urllib.parse.quote(n.replace("~", "~0").replace("/", "~1")) for n in names)


@functools.cache
def answer_of(path, method, status, kind):
    """A validator of that answer; None: it is not described, which other checks tell."""
    answers = documents["openapi.json"]["paths"][path].get(method, {}).get("responses", {})
    if status not in answers:
        return None
    place = answers[status].get("$ref", "#" + pointer("paths", path, method, "responses", status))
    return validator(f"openapi.json{place}" + pointer("content", kind, "schema"))


event = validator("events.schema.json")


def new_session():
    return json.loads(ask("POST", "/sessions", {"model": "canned", "messages": [
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]}))["id"]


def spare():
    """A backend that is there and may be changed, drained and removed: it serves nobody."""
    ask("PUT", "/backends/spare", {"url": NOBODY})
    return "spare"


def asked_for():
    """The id of a request that DISPATCHER decided on."""
    request = urllib.request.Request(os.environ["CONDUCTOR_URL"] + "/api/generate", data=json.dumps(
        {"model": "canned", "prompt": "hi", "stream": False}).encode(), headers={"X-Request-Id": "explained"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.headers["X-Request-Id"]


def before_backend(case, path, usual):
    """The one that the test was given stays as it is; all others are at a port where nothing listens."""
    if path["backend"] == "ollama" or (usual and case.method != "PUT"):
        path["backend"] = spare()
    if isinstance(case.body, dict) and isinstance(case.body.get("url"), (str, bool, int, float)):
        case.body["url"] = NOBODY


def before_order(case):
    """A model that is there, and options of which a load cannot fail."""
    if isinstance(case.body, dict) and case.body.get("model"):
        case.body["model"] = "canned"
        case.body.pop("backend", None)


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.path_parameters or {}
    follows = case.operation.path.endswith("/events")
    usual = next(calls) % 2 == 0
    if usual:  # not the same key and version for ever
        for name in ("Idempotency-Key", "If-Match"):
            case.headers.pop(name, None)
    if "session" in path and (follows or usual):
        path["session"] = new_session()
        if follows:  # who follows is told that it was erased, and so ends
            threading.Timer(0.05, ask, ("DELETE", f"/sessions/{path['session']}")).start()
    if "backend" in path:
        before_backend(case, path, usual)
    if "request" in path and usual:
        path["request"] = asked_for()
    if usual and "/models/" in case.operation.path:
        before_order(case)
    accept = next(accepts)
    if accept and case.operation.path.endswith(("/messages", "/regenerate", "/events")):
        case.headers["Accept"] = accept


@schemathesis.check
def says_no_more_than_is_described(ctx, response, case):
    """schemathesis itself lets an answer say more than its schema, and reads no NDJSON."""
    kind = response.headers.get("content-type", [""])[0].split(";")[0]
    if kind == "application/x-ndjson":
        told = [(event, line) for line in response.text.splitlines()]
    elif kind.endswith("json"):
        schema = answer_of(case.operation.path, case.method.lower(), str(response.status_code), kind)
        told = [(schema, response.text)] if schema else []
    else:
        return
    for schema, text in told:
        wrong = next(schema.iter_errors(json.loads(text)), None)
        if wrong:
            raise AssertionError(f"not as described: {wrong} in {text}")
