#include "messages/timing.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace conductor {
namespace {

using time_point = request_clock::time_point;
using std::chrono::nanoseconds;

constexpr time_point never{};

nanoseconds between(time_point from, time_point to) {
  return from == never || to == never ? nanoseconds{}
                                      : std::max(to - from, nanoseconds{});
}

nanoseconds load_of(const attempt& a) {
  return between(a.load_began, a.load_ended);
}

void add(std::string& text, const char* name, nanoseconds t) {
  if (t.count() <= 0)
    return;
  std::array<char, 32> ms{};
  const auto end = std::to_chars(ms.data(), ms.data() + ms.size(),
                                 std::chrono::duration<double, std::milli>(t).count(),
                                 std::chars_format::fixed, 3)
                       .ptr;
  text.append(text.empty() ? "" : ", ").append(name).append(";dur=");
  text.append(ms.data(), end);
}

/// Until it got its place, or was told that there is none.
nanoseconds wait_of(const attempt& a, time_point since) {
  return between(since, a.leased == never ? a.last : a.leased);
}

} // namespace

answer_timing timing_of(const answer_course& course, const usage& used,
                        time_point received, time_point ended) {
  answer_timing t;
  t.load = nanoseconds(used.load_ns);
  auto since = received; // the first attempt begins with the request
  const auto add = [&](const attempt& a) {
    t.load += load_of(a);
    t.queue += wait_of(a, since) - load_of(a);
    since = a.last;
  };
  for (const auto& a : course.before)
    add(a);
  add(course.now);
  t.queue = std::max(t.queue, nanoseconds{});
  t.first = between(received, course.now.first);
  t.prefill = nanoseconds(used.prompt_ns);
  t.decode = nanoseconds(used.answer_ns);
  t.relay = between(course.now.first, ended);
  return t;
}

std::string server_timing(const answer_timing& t) {
  std::string text;
  add(text, "queue", t.queue);
  add(text, "load", t.load);
  add(text, "first", t.first);
  add(text, "prefill", t.prefill);
  add(text, "decode", t.decode);
  add(text, "relay", t.relay);
  return text;
}

std::string total_timing(nanoseconds total) {
  std::string text;
  add(text, "total", total);
  return text;
}

} // namespace conductor
