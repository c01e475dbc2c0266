// A traceparent is taken exactly where the specification's grammar has one, and what goes
// on to the backend is one again.
#include "messages/trace.hpp"
#include "tests/fuzz/pieces.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <regex>
#include <string>

using namespace conductor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::regex grammar{
      "(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})"
      "(-[\\s\\S]*)?"};
  constexpr std::size_t long_enough = 200; // a regex recurses
  const std::string text{reinterpret_cast<const char*>(data),
                         std::min(size, long_enough)};
  std::smatch parts;
  const bool is_one = std::regex_match(text, parts, grammar) &&
                      (parts[1] != "00" || parts[5].length() == 0);
  auto t = parse_traceparent(text);
  fuzz::must(t.has_value() == is_one);
  if (!t)
    return 0;
  fuzz::must(trace_id(*t) == parts[2]);
  fuzz::must(hex_digits(t->parent) == parts[3]);
  t->span = t->parent - 1; // so that the backend is told of the caller's span
  const auto next = to_traceparent(*t);
  fuzz::must(next.substr(3, 50) == text.substr(3, 50));
  const auto again = parse_traceparent(next);
  fuzz::must(again && again->sampled == t->sampled && again->random == t->random);
  return 0;
}
