#pragma once

#include "messages/request.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

namespace conductor::test {

/// So many milliseconds after a traced request was read.
inline request_clock::time_point at(int ms) {
  return request_clock::time_point{std::chrono::hours(1)} + std::chrono::milliseconds(ms);
}

/// When it was read, on the wall's clock.
constexpr std::int64_t read_at = 1'800'000'000'000'000'000;

inline trace_ptr a_trace() {
  trace_context t;
  t.trace_high = 0xa;
  t.trace_low = 0xb;
  t.parent = 0xc;
  t.span = 0x100;
  t.sampled = true;
  t.state = "vendor=1";
  return std::make_shared<const trace_context>(std::move(t));
}

/// A chat that waited 20 ms, 10 of them for a load, and was answered from 50 ms on.
inline ended_request a_chat() {
  ended_request r;
  r.id = "id-1";
  r.time = read_at;
  r.kind = request_kind::inference;
  r.method = "POST";
  r.path = "/api/chat";
  r.model = "m";
  r.backend = "one";
  r.outcome = "done";
  r.reason = "stop";
  r.status = 200;
  r.used.prompt_tokens = 7;
  r.used.answer_tokens = 9;
  r.received = at(0);
  r.ended = at(80);
  r.taken = at(90);
  auto& a = r.course.now;
  a.backend = "one";
  a.host = "10.0.0.5";
  a.port = 11434;
  a.asked = at(1);
  a.leased = at(20);
  a.load_began = at(5);
  a.load_ended = at(15);
  a.first = at(50);
  a.last = at(70);
  r.trace = a_trace();
  return r;
}

} // namespace conductor::test
