#include "adapters/http/trace_start.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace conductor {
namespace {

std::mt19937_64& random_bits() {
  thread_local std::mt19937_64 bits{[] {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }()};
  return bits;
}

/// Its last byte counts the spans within it.
std::uint64_t new_span() {
  std::uint64_t span = 0;
  while (span == 0)
    span = random_bits()() & ~std::uint64_t{0xff};
  return span;
}

trace_context new_trace(double sample) {
  trace_context t;
  t.trace_high = random_bits()() | 1; // never all zero
  t.trace_low = random_bits()();
  t.sampled = sample >= 1 || std::uniform_real_distribution{}(random_bits()) < sample;
  t.random = true;
  return t;
}

/// Empty: there is none, or more than one.
std::string_view only(const request_head& head, std::string_view name) {
  std::string_view value;
  int count = 0;
  for (const auto& f : head.fields)
    if (same_name(f.name, name)) {
      value = f.value;
      ++count;
    }
  return count == 1 ? value : std::string_view{};
}

/// All fields of that name as one list, no longer than the specification has all pass on.
std::string listed(const request_head& head, std::string_view name) {
  constexpr std::size_t longest = 512;
  std::string list;
  for (const auto& f : head.fields)
    if (same_name(f.name, name) && !f.value.empty())
      list += (list.empty() ? "" : ",") + f.value;
  return list.size() <= longest ? list : std::string{};
}

void drop(std::vector<header_field>& headers, std::string_view name) {
  std::erase_if(headers, [&](const auto& h) { return same_name(h.name, name); });
}

} // namespace

trace_ptr begin_trace(double sample) {
  auto t = new_trace(sample);
  t.span = new_span();
  return std::make_shared<const trace_context>(std::move(t));
}

trace_ptr join_trace(const request_head& head, const trace_settings& how,
                     std::vector<header_field>& forwarded) {
  if (!how.collector)
    return nullptr;
  auto t = parse_traceparent(only(head, "traceparent"));
  drop(forwarded, "traceparent");
  if (t) {
    t->state = listed(head, "tracestate");
  } else {
    drop(forwarded, "tracestate");
    t = new_trace(how.sample);
  }
  t->span = new_span();
  forwarded.push_back({"traceparent", to_traceparent(*t)});
  return std::make_shared<const trace_context>(std::move(*t));
}

} // namespace conductor
