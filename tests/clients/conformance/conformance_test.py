"""The same request to Ollama itself and through Conductor: status, headers and body are compared. Hypothesis makes
requests, good and broken ones, and makes one that differs smaller until nothing can be left out.

With CONFORMANCE_OLLAMA=URL a real server takes the scripted one's place (a node must be before it at CONDUCTOR_URL):
its answers differ from themselves, so that only statuses, headers and the shape of bodies are compared."""

import http.client
import json
import os
import re
import unittest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

REAL = os.environ.get("CONFORMANCE_OLLAMA")
DIRECT = (REAL or os.environ["OLLAMA_URL"]).removeprefix("http://")
NODE = os.environ["CONDUCTOR_URL"].removeprefix("http://")
MODELS = os.environ.get("CONFORMANCE_MODELS", "canned,thinker,embedder").split(",")
EXAMPLES = 30_000 if os.environ.get("CONDUCTOR_LONG") else 1_000

# What a proxy adds or tells anew, and what says when.
OWN = {"date", "x-request-id", "x-conductor-backend", "x-accel-buffering", "connection", "keep-alive"}
TIMES = re.compile(rb'"(created_at|total_duration|load_duration|prompt_eval_duration|eval_duration|created|id|item_id|'
                   rb'request_id|created_time|completed_at|expires_at|prompt_eval_cached_count)":("(?:[^"\\]|\\.)*"|[-0-9.e]+)')
# What a real model says anew each time, and how far it came; a model's parameters come in any order.
SAID = re.compile(rb'"(response|content|thinking|text|delta|finish_reason|done_reason|stop_reason|reasoning|context|eval_count|'
                  rb'completion_tokens|output_tokens|total_tokens|modelfile|parameters)":("(?:[^"\\]|\\.)*"|\[[0-9,]*\]|[0-9]+|null)')

ROUTES = [("GET", "/"), ("HEAD", "/"), ("GET", "/api/version"), ("HEAD", "/api/version"), ("GET", "/api/tags"), ("HEAD", "/api/tags"),
          ("GET", "/v1/models"), ("GET", "/v1/models/{model}"), ("POST", "/api/show"), ("POST", "/api/generate"),
          ("POST", "/api/chat"), ("POST", "/api/embed"), ("POST", "/api/embeddings"), ("POST", "/v1/chat/completions"),
          ("POST", "/v1/completions"), ("POST", "/v1/embeddings"), ("POST", "/v1/messages"), ("POST", "/v1/responses")]
ODD = [(m, p) for m in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
       for p in ("/nope", "/api", "/api/", "/api/nope", "/v1/", "/v1/nope", "/api/chat", "/api/version", "/API/chat", "/api/chat/",
                 "//api/chat", "//", "/./", "/x/../api/tags/", "//v1/../nope", "/api/../api/version", "/api/%63hat", "/favicon.ico", "/index.html")
       if (m, p) != ("POST", "/api/chat")]

models = some.sampled_from([*MODELS, *(f"{m}:latest" for m in MODELS), "missing", "Missing:tag", "", "a/b/c/d", "registry.example/x/y:z"])
texts = some.sampled_from(["", "hi", "Grüße, 東京 🚀", "a \"quoted\" \\ text\n", "x" * 300]) | some.text(max_size=20)
anything = some.recursive(some.none() | some.booleans() | some.integers(-10, 10**6) | texts,
                          lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3), max_leaves=6)
messages = some.lists(some.fixed_dictionaries({"role": some.sampled_from(["user", "assistant", "system"]), "content": texts}),
                      min_size=1, max_size=3)
FIELDS = {"prompt": texts, "messages": messages, "input": texts | some.lists(texts, min_size=1, max_size=2), "stream": some.booleans(),
          "options": some.fixed_dictionaries({}, optional={"temperature": some.just(0), "num_predict": some.integers(1, 8),
                                                           "seed": some.just(1)}),
          "keep_alive": some.sampled_from(["5m", 300, "1h"]), "think": some.booleans(), "format": some.sampled_from(["json", ""]),
          "stream_options": some.just({"include_usage": True}), "max_tokens": some.integers(1, 9), "raw": some.booleans(),
          "suffix": texts, "system": texts}
bodies = some.fixed_dictionaries({"model": models}, optional=FIELDS)


def spoiled(body):
    """A body with something wrong: a key of another type, a key too many, no JSON."""
    text = json.dumps(body)
    return some.one_of(
        some.sampled_from(sorted(body)).flatmap(lambda k: anything.map(lambda v: json.dumps({**body, k: v}))),
        some.just(text[:-1]), some.just(text + "x"), some.just(""), some.just("[]"), some.just("null"), some.just('"text"'),
        some.just(text.replace('"model"', '"MODEL"')), some.just(text.replace(":", " : ")), some.just("\ufeff" + text),
        anything.map(lambda v: json.dumps({**body, "unheard_of": v})))


whole = bodies.map(json.dumps)
requests = some.fixed_dictionaries({
    "route": some.sampled_from(ROUTES) | some.sampled_from(ODD), "model": models, "body": whole | bodies.flatmap(spoiled),
    "query": some.sampled_from(["", "", "", "?x=1", "?", "?a=%20b&c"]), "chunked": some.booleans(),
    "headers": some.dictionaries(some.sampled_from(["Content-Type", "Accept", "X-Stainless-Lang", "Accept-Encoding", "User-Agent", "TE"]),
                                 some.sampled_from(["application/json", "text/plain", "*/*", "gzip", "identity", "a b"]), max_size=2)})


def sent(where, request):
    """(status, {header: value}, body) of one server."""
    method, path = request["route"]
    target = path.format(model=request["model"].replace("/", "%2F").replace(" ", "%20")) + request["query"]
    connection = http.client.HTTPConnection(where, timeout=60)
    try:
        body = request["body"].encode() if method not in ("GET", "HEAD", "OPTIONS") else None
        headers = {"Content-Type": "application/json", **request["headers"]}
        if body is not None and request["chunked"]:
            connection.request(method, target, iter([body[:3], body[3:]]) if len(body) > 3 else iter([body]), headers, encode_chunked=True)
        else:
            connection.request(method, target, body, headers)
        answer = connection.getresponse()
        told = {k.lower(): v for k, v in answer.getheaders() if k.lower() not in OWN}
        return answer.status, told, answer.read()
    finally:
        connection.close()


def lasting(headers, body):
    """What does not say when."""
    body = TIMES.sub(rb'"\1":0', body)
    if REAL:
        body = SAID.sub(rb'"\1":0', body)
        body = b"".join(sorted(set(body.splitlines(True))))
    headers = dict(headers)
    headers.pop("content-length", None)  # of numbers that differ
    return headers, body


class Conformance(unittest.TestCase):
    @settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=False,
              suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large])
    @given(requests)
    def test_an_answer_is_the_same_through_the_node(self, request):
        direct, through = sent(DIRECT, request), sent(NODE, request)
        self.assertEqual(through[0], direct[0], f"{request}\ndirect: {direct}\nthrough: {through}")
        if through[1].get("content-type", "").startswith(("text/event-stream", "application/x-ndjson")):
            direct[1].setdefault("cache-control", "no-cache")  # told where Ollama does not
        headers, body = lasting(direct[1], direct[2])
        seen_headers, seen_body = lasting(through[1], through[2])
        self.assertEqual(seen_body, body, request)
        self.assertEqual(seen_headers, headers, request)

    def test_it_finds_a_planted_difference(self):
        """The comparison sees one byte, one header and one status."""
        one = (200, {"content-type": "application/json"}, b'{"response":"a","created_at":"x"}')
        self.assertEqual(lasting(*one[1:]), lasting(one[1], b'{"response":"a","created_at":"y"}'))
        self.assertNotEqual(lasting(*one[1:])[1], lasting(one[1], b'{"response":"b","created_at":"x"}')[1] if not REAL else b"")
        self.assertNotEqual(lasting(*one[1:])[0], lasting({"content-type": "text/plain"}, one[2])[0])


if __name__ == "__main__":
    unittest.main()
