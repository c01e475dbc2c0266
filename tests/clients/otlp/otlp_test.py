"""The node's spans, read by OpenTelemetry's own definition of them (PyPI: opentelemetry-proto): what is
not in it is refused."""

import base64
import http.server
import json
import os
import pathlib
import sys
import tempfile
import threading
import unittest
import urllib.parse

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "guards"))
from processes import ask, conductor, until  # noqa: E402

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def request_of(body):
    """OTLP's JSON has ids in hex where protobuf's has base64: the one difference."""

    def ids(part):
        if isinstance(part, list):
            for one in part:
                ids(one)
        if isinstance(part, dict):
            for key, value in part.items():
                if key in ("traceId", "spanId", "parentSpanId"):
                    part[key] = base64.b64encode(bytes.fromhex(value)).decode()
                else:
                    ids(value)

    document = json.loads(body)
    ids(document)
    return json_format.ParseDict(document, ExportTraceServiceRequest(), ignore_unknown_fields=False)


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((self.path, self.headers["Content-Type"], body))
        answer = json_format.MessageToJson(ExportTraceServiceResponse()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    """A node that is killed resets its connection: nothing to tell of."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Spans(unittest.TestCase):
    def setUp(self):
        Collector.requests.clear()
        self.collector = Quiet(("127.0.0.1", 0), Collector)
        self.addCleanup(self.collector.server_close)
        threading.Thread(target=self.collector.serve_forever, daemon=True).start()
        self.addCleanup(self.collector.shutdown)
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        config = pathlib.Path(home.name, "conductor.toml")
        config.write_text(f'[trace]\nendpoint = "http://127.0.0.1:{self.collector.server_port}/otlp"\n'
                          'interval = "20ms"\n')
        ollama = urllib.parse.urlsplit(os.environ["OLLAMA_URL"]).port
        self.node = conductor(os.environ["CONDUCTOR"], ollama, "--config", str(config)).__enter__()
        self.addCleanup(self.node.end)
        until("readiness", lambda: ask(self.node.port, "GET", "/readyz")[0] == 200)

    def spans(self, enough):
        """(resource, span) of all that came, once `enough` is true of the list."""

        def read():
            return [(of.resource, span) for _, _, body in list(Collector.requests)
                    for of in request_of(body).resource_spans
                    for scope in of.scope_spans for span in scope.spans]

        return until("spans", lambda: (lambda all: enough(all) and all)(read()))

    def test_every_span_is_one_of_opentelemetrys(self):
        chat = {"model": "canned", "messages": [{"role": "user", "content": "hi"}]}
        ask(self.node.port, "POST", "/api/chat", chat,
            {"traceparent": f"00-{TRACE}-{CALLER}-01", "tracestate": "a=1"})
        ask(self.node.port, "POST", "/v1/chat/completions", {**chat, "stream": True})
        ask(self.node.port, "POST", "/v1/embeddings", {"model": "canned", "input": "hi"})
        ask(self.node.port, "POST", "/api/chat", chat, {"X-Conductor-Backend": "none-of-that-name"})
        everything = self.spans(lambda all: sum(not s.parent_span_id or s.kind == Span.SPAN_KIND_SERVER
                                                for _, s in all) == 4)
        self.assertEqual({path for path, _, _ in Collector.requests}, {"/otlp/v1/traces"})
        self.assertEqual({kind for _, kind, _ in Collector.requests}, {"application/json"})
        for resource, span in everything:
            said = {a.key: a.value.string_value for a in resource.attributes}
            self.assertEqual(said["service.name"], "conductor")
            self.assertEqual((len(span.trace_id), len(span.span_id)), (16, 8))
            self.assertLessEqual(span.start_time_unix_nano, span.end_time_unix_nano)
            for event in span.events:
                self.assertLessEqual(span.start_time_unix_nano, event.time_unix_nano)
        by_id = {span.span_id: span for _, span in everything}
        self.assertEqual(len(by_id), len(everything), "no id comes twice")
        for _, span in everything:
            if span.kind != Span.SPAN_KIND_SERVER:
                self.assertEqual(by_id[span.parent_span_id].trace_id, span.trace_id)

    def test_a_chat_has_what_is_asked_of_it(self):
        ask(self.node.port, "POST", "/api/chat", {"model": "canned", "messages": [
            {"role": "user", "content": "a secret"}]}, {"traceparent": f"00-{TRACE}-{CALLER}-01"})
        everything = self.spans(lambda all: len(all) >= 4)
        (chat,) = [s for _, s in everything if s.kind == Span.SPAN_KIND_SERVER]
        self.assertEqual(chat.name, "chat canned")
        self.assertEqual(chat.trace_id.hex(), TRACE)
        self.assertEqual(chat.parent_span_id.hex(), CALLER)
        said = {a.key: a.value for a in chat.attributes}
        self.assertEqual(said["gen_ai.operation.name"].string_value, "chat")
        self.assertEqual(said["gen_ai.request.model"].string_value, "canned")
        self.assertGreater(said["gen_ai.usage.output_tokens"].int_value, 0)
        self.assertEqual([v.string_value for v in
                          said["gen_ai.response.finish_reasons"].array_value.values], ["stop"])
        self.assertEqual(said["http.response.status_code"].int_value, 200)
        self.assertEqual(said["server.address"].string_value, "127.0.0.1")
        self.assertEqual(chat.status.code, Status.STATUS_CODE_UNSET)
        self.assertNotIn(b"secret", b"".join(body for _, _, body in Collector.requests))

    def test_a_failure_is_one(self):
        ask(self.node.port, "POST", "/api/chat", {"model": "canned", "messages": []},
            {"X-Conductor-Backend": "none-of-that-name"})
        everything = self.spans(lambda all: len(all) >= 1)
        (chat,) = [s for _, s in everything if s.kind == Span.SPAN_KIND_SERVER]
        self.assertEqual(chat.status.code, Status.STATUS_CODE_ERROR)
        said = {a.key: a.value.string_value for a in chat.attributes}
        self.assertEqual(said["error.type"], "unknown_backend")

    def test_the_reader_refuses_what_is_not_in_the_definition(self):
        good = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "x", "kind": 2}]}]}]}
        request_of(json.dumps(good))
        good["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["colour"] = "red"
        with self.assertRaises(json_format.ParseError):
            request_of(json.dumps(good))


if __name__ == "__main__":
    unittest.main()
