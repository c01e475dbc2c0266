"""Faults that somebody could make, each with what must find it: a source, what stands there, what stands there instead."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    file: str
    text: str  # stands there once
    instead: str
    target: str  # are built
    tests: str  # of ctest; one of them must fail


FAULTS = [
    Fault("a handler that blocks", "actors/client.cpp", "[self](answer_taken) { end_taking(self); },",
          "[self](answer_taken) { ::usleep(100); end_taking(self); },", "", "^guards.blocking$"),
    Fault("a call into the system that lanes do not make", "adapters/http/wire_write.cpp", "  unreported_ += body_bytes;\n",
          "  unreported_ += body_bytes;\n  ::sleep(0);\n", "conductor", "^guards.symbols$"),
    Fault("a record that is lost", "actors/generation.cpp", "    self->send(*r.to, next{piece.slice(r.within, part), st.just_read});\n",
          "    if (r.piece != 3)\n      self->send(*r.to, next{piece.slice(r.within, part), st.just_read});\n", "actors_test",
          "^a_generation"),
    Fault("a record that comes twice", "actors/generation.cpp", "    self->send(*r.to, next{piece.slice(r.within, part), st.just_read});\n",
          "    self->send(*r.to, next{piece.slice(r.within, part), st.just_read});\n"
          "    if (r.piece == 1)\n      self->send(*r.to, next{piece.slice(r.within, part), st.just_read});\n", "actors_test",
          "^a_generation"),
    Fault("a lease that leaks", "actors/generation.cpp", "  st.lease.reset();\n}",
          "  static lease_ptr kept;\n  kept = std::move(st.lease);\n  st.lease.reset();\n}", "actors_test", "^a_generation"),
    Fault("an end that is told twice", "actors/generation.cpp", "  std::visit([&](const auto& terminal) { self->send(*r.to, terminal); }, *st.end);\n",
          "  std::visit([&](const auto& terminal) { self->send(*r.to, terminal); }, *st.end);\n"
          "  std::visit([&](const auto& terminal) { self->send(*r.to, terminal); }, *st.end);\n", "actors_test", "^a_generation"),
    Fault("demand that is not kept to", "actors/generation.cpp", "    r.demanded -= part;\n", "", "actors_test",
          "^a_generation"),
    Fault("a cancel that Ollama does not hear of", "actors/generation.cpp",
          "  if (st.exchange)\n    self->send(*st.exchange, cancel{});\n  st.exchange = {};\n  end_lease(self, cut);",
          "  st.exchange = {};\n  end_lease(self, cut);", "actors_test", "^a_generation"),
    Fault("a queue without a bound", "actors/dispatcher_queue.cpp", "  if (st.waits.size() >= st.limits.limit) {",
          "  if (st.waits.size() > st.limits.limit + 1) {", "actors_test", "^a_dispatcher"),
    Fault("a request that can be read in two ways", "adapters/http/parser.cpp",
          '    objection = "Content-Length must be one number";\n', "    head.version += 0;\n", "http_test",
          "^request_parser"),
    Fault("who has ended and is kept", "messages/monitored.hpp", "      self_->demonitor(other_.address());\n",
          "      self_ = nullptr;\n", "conductor scripted-ollama", "^torture.connections$"),
    Fault("large blocks that are kept", "runtime/run_node.cpp", "  give_back_large_blocks();\n", "",
          "conductor scripted-ollama", "^torture.connections$"),
    Fault("a turn whose end is not written", "adapters/native/talk.cpp", " || !out_.empty())\n    return;\n  for (",
          ")\n    return;\n  for (", "world_test", "^a_node_with_sessions.tells_a_websocket"),
    # What only long use shows.
    Fault("a record that is lost far into an answer", "actors/generation.cpp",
          "    self->send(*r.to, next{piece.slice(r.within, part), st.just_read});\n",
          "    if (r.piece != 25)\n      self->send(*r.to, next{piece.slice(r.within, part), st.just_read});\n",
          "conductor scripted-ollama", "^soak.short$"),
    Fault("a lease in ten that leaks", "actors/generation.cpp", "  st.lease.reset();\n}",
          "  static lease_ptr kept;\n  static unsigned ends = 0;\n  if (++ends % 10 == 0)\n    kept = std::move(st.lease);\n"
          "  st.lease.reset();\n}", "conductor scripted-ollama", "^soak.short$"),
]
