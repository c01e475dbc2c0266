"""The ollama and openai clients of Python: what they get through Conductor is what they get
from Ollama."""

import contextlib
import hashlib
import json
import os
import re
import tempfile
import time
import unittest
import urllib.request

import ollama
import openai

DIRECT, THROUGH = os.environ["OLLAMA_URL"], os.environ["CONDUCTOR_URL"]
WORDS = "Grüße aus Köln: 東京, 🚀 and the rest, 1 + 1 = 2. "
MESSAGES = [{"role": "user", "content": WORDS}]
TOOLS = [{"type": "function", "function": {
    "name": "weather", "description": "The weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]
# What differs between two equal requests: times and random names.
VOLATILE = re.compile(r"(_at|_duration|^created|^id|_id)$")


def control(path, body=None):
    request = urllib.request.Request(
        f"{DIRECT}/_scripted/{path}", None if body is None else json.dumps(body).encode(),
        method="GET" if body is None else "POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"{}")


def script(**how):
    control("script", {"default": how})


def steady(value):
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    if isinstance(value, (list, tuple)):
        return [steady(v) for v in value]
    if isinstance(value, dict):
        return {k: steady(v) for k, v in value.items() if not VOLATILE.search(k)}
    return value


def until(what, true):
    end = time.monotonic() + 20
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"waited 20 s for {what}")
        time.sleep(0.02)


def of_ollama(url):
    return ollama.Client(host=url, trust_env=False)


def of_openai(url):
    return openai.OpenAI(base_url=f"{url}/v1", api_key="ollama", max_retries=0)


class Clients(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        script()

    def both(self, make, act):
        """Does it with both, checks that both got the same, and returns what came through."""

        def outcome(url):
            client = make(url)
            try:
                return "answer", steady(act(client))
            except (ollama.ResponseError, openai.APIError) as e:
                return "error", str(e), getattr(e, "status_code", None), type(e).__name__

        direct, through = outcome(DIRECT), outcome(THROUGH)
        self.assertEqual(through, direct)
        return through

    def answered(self, make, act):
        kind, *rest = self.both(make, act)
        self.assertEqual(kind, "answer", rest)
        return rest[0]

    def refused(self, make, act):
        kind, *rest = self.both(make, act)
        self.assertEqual(kind, "error", rest)
        return rest

    def gone_upstream(self, before):
        until("Ollama to see it", lambda: control("stats")["cancels"] > before["cancels"])
        until("no answer in flight", lambda: control("stats")["in_flight"] == 0)


class Ollama(Clients):
    def test_chat_streams_the_same_records(self):
        script(text=WORDS, records=30)
        parts = self.answered(of_ollama, lambda c: list(c.chat("canned", MESSAGES, stream=True)))
        self.assertTrue(parts[-1]["done"])
        self.assertIn("東京, 🚀", "".join(p["message"]["content"] for p in parts))

    def test_chat_answers_whole(self):
        self.assertTrue(self.answered(of_ollama, lambda c: c.chat("canned", MESSAGES))["message"]["content"])

    def test_an_echo_in_single_bytes_keeps_every_character(self):
        script(echo=True, split=1)
        parts = self.answered(of_ollama, lambda c: list(c.chat("canned", MESSAGES, stream=True)))
        self.assertEqual("".join(p["message"]["content"] for p in parts).strip(), WORDS.strip())

    def test_generate_streams_and_answers_whole(self):
        parts = self.answered(of_ollama, lambda c: list(c.generate("canned", WORDS, stream=True)))
        whole = self.answered(of_ollama, lambda c: c.generate("canned", WORDS))
        self.assertEqual(whole["response"], "".join(p["response"] for p in parts))

    def test_a_model_thinks(self):
        parts = self.answered(of_ollama, lambda c: list(c.chat("thinker", MESSAGES, stream=True, think=True)))
        self.assertTrue(any(p["message"]["thinking"] for p in parts))

    def test_a_model_calls_a_tool(self):
        for how in ({"tool": True}, {"tool_in_final": True}):
            script(tool_arguments='{"z":1,"city":"Köln","a":[2]}', **how)
            parts = self.answered(of_ollama, lambda c: list(c.chat("canned", MESSAGES, tools=TOOLS, stream=True)))
            call = [t for p in parts for t in p["message"]["tool_calls"] or []][0]["function"]
            self.assertEqual(call["name"], "weather")
            self.assertEqual(list(call["arguments"]), ["z", "city", "a"])

    def test_embeddings_are_the_same_numbers(self):
        self.assertEqual(len(self.answered(of_ollama, lambda c: c.embed("embedder", ["a", WORDS]))["embeddings"]), 2)
        self.answered(of_ollama, lambda c: c.embeddings("embedder", WORDS))

    def test_list_show_and_ps(self):
        names = [m["model"] for m in self.answered(of_ollama, lambda c: c.list())["models"]]
        self.assertEqual(sorted(names), ["canned:latest", "embedder:latest", "thinker:latest"])
        self.assertTrue(self.answered(of_ollama, lambda c: c.show("canned"))["modelfile"])
        self.answered(of_ollama, lambda c: c.generate("canned", "load"))
        running = self.answered(of_ollama, lambda c: c.ps())["models"]
        self.assertIn("canned:latest", [m["model"] for m in running])

    def test_pull_reports_its_progress(self):
        def pull(c):
            parts = list(c.pull("fresh", stream=True))
            c.delete("fresh")
            return parts

        parts = self.answered(of_ollama, pull)
        self.assertEqual(parts[-1]["status"], "success")
        self.assertTrue(any(p["total"] for p in parts))

    def test_create_uploads_its_blob(self):
        with tempfile.NamedTemporaryFile() as weights:
            def create(c):
                # Content of its own, so that neither is told that it is there already.
                weights.seek(0)
                weights.truncate()
                weights.write(os.urandom(16) * 40_000)
                weights.flush()
                digest = c.create_blob(weights.name)
                weights.seek(0)
                self.assertEqual(digest, "sha256:" + hashlib.sha256(weights.read()).hexdigest())
                parts = list(c.create("made", files={"made.gguf": digest}, stream=True))
                names = [m.model for m in c.list().models]
                c.copy("made", "made-too")
                c.delete("made")
                c.delete("made-too")
                return [p.status for p in parts][-1:], names

            last, names = self.answered(of_ollama, create)
            self.assertEqual(last, ["success"])
            self.assertIn("made:latest", names)

    def test_errors_have_the_same_text(self):
        for act in (lambda c: c.chat("nowhere", MESSAGES), lambda c: list(c.chat("nowhere", MESSAGES, stream=True)),
                    lambda c: c.generate("nowhere", "x"), lambda c: c.embed("nowhere", "x"),
                    lambda c: c.show("nowhere"), lambda c: c.delete("nowhere"), lambda c: c.copy("nowhere", "x")):
            self.refused(of_ollama, act)
        text, status, _ = self.refused(of_ollama, lambda c: c.chat("nowhere", MESSAGES))
        self.assertIn("model 'nowhere' not found", text)
        self.assertEqual(status, 404)

    def test_an_error_in_the_middle_of_a_stream_reaches_the_client(self):
        script(error_after=3, error_text="the runner fell over: 東")
        text, *_ = self.refused(of_ollama, lambda c: list(c.chat("canned", MESSAGES, stream=True)))
        self.assertIn("the runner fell over: 東", text)

    def test_leaving_a_stream_reaches_ollama(self):
        script(gap_ms=50, records=1000)
        before = control("stats")
        parts = of_ollama(THROUGH).chat("canned", MESSAGES, stream=True)
        for _ in range(3):
            next(parts)
        parts.close()
        self.gone_upstream(before)


class OpenAI(Clients):
    def test_a_chat_streams_the_same_chunks(self):
        script(text=WORDS, records=20)
        chunks = self.answered(of_openai, lambda c: list(c.chat.completions.create(
            model="canned", messages=MESSAGES, stream=True, stream_options={"include_usage": True})))
        text = "".join(c["choices"][0]["delta"]["content"] or "" for c in chunks if c["choices"])
        self.assertIn("東京, 🚀", text)
        self.assertTrue(chunks[-1]["usage"])

    def test_a_chat_answers_whole_and_calls_a_tool(self):
        self.answered(of_openai, lambda c: c.chat.completions.create(model="canned", messages=MESSAGES))
        script(tool=True)
        answer = self.answered(of_openai, lambda c: c.chat.completions.create(
            model="canned", messages=MESSAGES, tools=TOOLS))
        self.assertEqual(answer["choices"][0]["message"]["tool_calls"][0]["function"]["name"], "weather")

    def test_completions_embeddings_and_models(self):
        parts = self.answered(of_openai, lambda c: list(c.completions.create(
            model="canned", prompt=WORDS, stream=True)))
        self.assertTrue("".join(p["choices"][0]["text"] for p in parts if p["choices"]))
        for form in ("float", "base64"):
            found = self.answered(of_openai, lambda c: c.embeddings.create(
                model="embedder", input=[WORDS, "b"], encoding_format=form))
            self.assertEqual(len(found["data"]), 2)
        self.assertEqual(len(self.answered(of_openai, lambda c: list(c.models.list()))), 3)
        self.answered(of_openai, lambda c: c.models.retrieve("canned"))

    def test_responses_stream_and_answer_whole(self):
        events = self.answered(of_openai, lambda c: list(c.responses.create(
            model="canned", input=WORDS, stream=True)))
        self.assertEqual(events[0]["type"], "response.created")
        self.assertEqual(events[-1]["type"], "response.completed")
        self.assertTrue(self.answered(of_openai, lambda c: c.responses.create(
            model="canned", input=WORDS).output_text))

    def test_a_stored_response_is_continued_and_told_again(self):
        # Ollama stores none: only Conductor is asked.
        client = of_openai(THROUGH)
        one = client.responses.create(model="canned", input="hello", store=True)
        with client.responses.stream(model="canned", input="and?", previous_response_id=one.id) as stream:
            deltas = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
            two = stream.get_final_response()
        self.assertEqual(two.output_text, deltas)
        self.assertEqual(two.previous_response_id, one.id)
        told = client.responses.retrieve(two.id)
        self.assertEqual((told.output[0].id, told.output_text), (two.output[0].id, deltas))
        self.assertEqual([i.content[0].text for i in client.responses.input_items.list(two.id)], ["and?"])
        client.responses.delete(two.id)
        with self.assertRaises(openai.NotFoundError):
            client.responses.retrieve(two.id)

    def test_errors_have_the_same_status_and_text(self):
        for act in (lambda c: c.chat.completions.create(model="nowhere", messages=MESSAGES),
                    lambda c: list(c.chat.completions.create(model="nowhere", messages=MESSAGES, stream=True)),
                    lambda c: c.embeddings.create(model="nowhere", input="x"),
                    lambda c: c.models.retrieve("nowhere")):
            self.assertEqual(self.refused(of_openai, act)[1], 404)

    def test_a_stream_that_breaks_says_so(self):
        # Ollama itself ends such a stream as if it were whole: here Conductor does better.
        script(die_after=3)
        with self.assertRaises(openai.APIError):
            list(of_openai(THROUGH).chat.completions.create(model="canned", messages=MESSAGES, stream=True))

    def test_leaving_a_stream_reaches_ollama(self):
        script(gap_ms=50, records=1000)
        before = control("stats")
        with contextlib.closing(of_openai(THROUGH).chat.completions.create(
                model="canned", messages=MESSAGES, stream=True)) as stream:
            for _ in range(3):
                next(stream)
        self.gone_upstream(before)


if __name__ == "__main__":
    unittest.main()
