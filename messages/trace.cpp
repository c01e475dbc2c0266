#include "messages/trace.hpp"

namespace conductor {
namespace {

constexpr std::size_t whole = 55; // 00-<32>-<16>-<2>
constexpr unsigned sampled_flag = 1;
constexpr unsigned random_flag = 2;

/// Lower-case digits only, all of them; empty: there are others.
std::optional<std::uint64_t> number_of(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    const bool letter = c >= 'a' && c <= 'f';
    if (!letter && (c < '0' || c > '9'))
      return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(letter ? c - 'a' + 10 : c - '0');
  }
  return value;
}

void add_hex(std::string& text, std::uint64_t value, int digits) {
  constexpr auto all = "0123456789abcdef";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    text += all[value >> shift & 15];
}

} // namespace

std::optional<trace_context> parse_traceparent(std::string_view text) {
  if (text.size() < whole || text[2] != '-' || text[35] != '-' || text[52] != '-')
    return std::nullopt;
  const auto version = number_of(text.substr(0, 2));
  const auto high = number_of(text.substr(3, 16)), low = number_of(text.substr(19, 16));
  const auto parent = number_of(text.substr(36, 16));
  const auto flags = number_of(text.substr(53, 2));
  if (!version || !high || !low || !parent || !flags)
    return std::nullopt;
  // What follows is for those who know that version.
  const bool known =
      *version == 0 ? text.size() == whole
                    : *version != 0xff && (text.size() == whole || text[whole] == '-');
  if (!known || (*high == 0 && *low == 0) || *parent == 0)
    return std::nullopt;
  trace_context t;
  t.trace_high = *high;
  t.trace_low = *low;
  t.parent = *parent;
  t.sampled = (*flags & sampled_flag) != 0;
  t.random = (*flags & random_flag) != 0;
  return t;
}

std::string to_traceparent(const trace_context& t) {
  std::string text = "00-";
  text.reserve(whole);
  add_hex(text, t.trace_high, 16);
  add_hex(text, t.trace_low, 16);
  text += '-';
  add_hex(text, child_span(t, 1), 16);
  text += '-';
  add_hex(text, (t.sampled ? sampled_flag : 0) | (t.random ? random_flag : 0), 2);
  return text;
}

std::string hex_digits(std::uint64_t value) {
  std::string text;
  add_hex(text, value, 16);
  return text;
}

std::string trace_id(const trace_context& t) {
  return hex_digits(t.trace_high) + hex_digits(t.trace_low);
}

} // namespace conductor
