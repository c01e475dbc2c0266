#include "adapters/native/request_json.hpp"

#include "adapters/native/time_text.hpp"

#include <chrono>

namespace conductor {
namespace {

using json = nlohmann::ordered_json;

double seconds(std::chrono::nanoseconds t) {
  return std::chrono::duration<double>(t).count();
}

} // namespace

json to_json(const answer_timing& t) {
  return {{"queue", seconds(t.queue)},   {"load", seconds(t.load)},
          {"first", seconds(t.first)},   {"prefill", seconds(t.prefill)},
          {"decode", seconds(t.decode)}, {"relay", seconds(t.relay)}};
}

json to_json(const ended_request& r) {
  json j{{"id", r.id},         {"time", time_text(r.time / 1'000'000)},
         {"method", r.method}, {"path", r.path},
         {"status", r.status}, {"outcome", r.outcome}};
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty())
      j[key] = text;
  };
  add("detail", r.detail);
  add("reason", r.reason);
  add("model", r.model);
  add("backend", r.backend);
  add("session", r.session);
  add("key", r.key_name);
  if (r.kind == request_kind::inference) {
    j["class"] = to_string(r.priority);
    add("flow", r.flow);
  }
  j["streams"] = r.streams;
  j["bytes"] = r.body_bytes;
  if (r.kind == request_kind::inference)
    j["usage"] = {{"prompt_tokens", r.used.prompt_tokens},
                  {"completion_tokens", r.used.answer_tokens}};
  j["seconds"] = seconds(r.ended - r.received);
  j["timing"] = to_json(timing_of(r.course, r.used, r.received, r.ended));
  if (r.trace && r.trace->sampled)
    j["trace"] = trace_id(*r.trace);
  return j;
}

} // namespace conductor
