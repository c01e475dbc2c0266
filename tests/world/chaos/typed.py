"""Streams whose server-sent events have types and an order of their own: Anthropic's, and OpenAI's responses. A reader
of one stream raises ValueError or KeyError at an event that cannot stand where it stands."""


def _need(true, what):
    if not true:
        raise ValueError(what)


class Anthropic:
    # What may stand behind what; an error may behind everything.
    BEHIND = {"": ("message_start",), "message_start": ("content_block_start", "message_delta"),
              "content_block_start": ("content_block_delta", "content_block_stop"),
              "content_block_delta": ("content_block_delta", "content_block_stop"),
              "content_block_stop": ("content_block_start", "message_delta"),
              "message_delta": ("message_stop",), "message_stop": (), "error": ()}

    def __init__(self):
        self.last, self.block = "", 0

    def read(self, said, name, data):
        _need(name == data["type"], f"event {name} is called {data['type']}")
        if name == "error":
            said.add("", "error")
            said.error = data["error"]["message"]
            return
        _need(name in self.BEHIND[self.last] or said.ends, f"{name} behind {self.last or 'nothing'}")
        self.last = name
        if name.startswith("content_block"):
            _need(data["index"] == self.block, f"block {data['index']}, not {self.block}")
            self.block += name == "content_block_stop"
        if name == "message_delta":
            _need(data["delta"]["stop_reason"] == "end_turn", data)
        said.add(data["delta"]["text"] if name == "content_block_delta" else "",
                 "done" if name == "message_stop" else None)

    @staticmethod
    def whole_text(answer):
        block, = answer["content"]
        return block["text"] if answer["stop_reason"] == "end_turn" else None


def _text_of(response):
    item, = response["output"]
    part, = item["content"]
    return part["text"]


class Responses:
    ENDS = {"response.completed": "done", "response.failed": "error", "response.incomplete": "cancelled"}
    OPENING = ("response.created", "response.in_progress", "response.output_item.added", "response.content_part.added")
    CLOSING = ("response.output_text.done", "response.content_part.done", "response.output_item.done")

    def __init__(self):
        self.names = []

    def read(self, said, name, data):
        _need(name == data["type"], f"event {name} is called {data['type']}")
        # The node, which does not read what Ollama streams, tells a failure without a number.
        number = data.get("sequence_number") if name == "response.failed" else data["sequence_number"]
        _need(number in (None, len(self.names)) or said.ends, f"{name} has number {number}, not {len(self.names)}")
        self.names.append(name)
        delta = data["delta"] if name == "response.output_text.delta" else ""
        said.add(delta, self.ENDS.get(name))
        if name == "response.output_text.done":
            _need(data["text"] == said.text, f"all of the text is {data['text'][-100:]!r}")
        elif name == "response.failed":
            said.error = data["response"]["error"]["message"]
        elif name == "response.completed":
            others = tuple(n for n in self.names[:-1] if n != "response.output_text.delta")
            _need(others == self.OPENING + self.CLOSING or said.after, f"completed behind {others}")
            _need(_text_of(data["response"]) == said.text, "another text completed than was streamed")
            _need(data["response"]["status"] == "completed", data)

    @staticmethod
    def whole_text(answer):
        return _text_of(answer) if answer["status"] == "completed" else None


READERS = {"anthropic": Anthropic, "responses": Responses, "stored": Responses}
