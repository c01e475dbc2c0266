#include "config/value.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <stdexcept>

namespace conductor {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};
// Largest first, so that a value is shown in the largest unit that divides it.
constexpr std::array durations{unit{"h", 3'600'000}, unit{"m", 60'000}, unit{"s", 1000},
                               unit{"ms", 1}};
constexpr std::array sizes{unit{"GiB", 1u << 30}, unit{"MiB", 1u << 20},
                           unit{"KiB", 1u << 10}, unit{"B", 1}};

[[noreturn]] void refuse(std::string_view text, std::string_view allowed) {
  throw std::invalid_argument(quoted(text) +
                              " is not allowed; allowed: " + std::string{allowed});
}

template <class Units>
std::uint64_t parse(std::string_view text, const Units& units, std::string_view allowed) {
  std::uint64_t number = 0;
  const auto end = text.data() + text.size();
  const auto [rest, ec] = std::from_chars(text.data(), end, number);
  if (ec != std::errc{})
    refuse(text, allowed);
  const std::string_view suffix{rest, static_cast<std::size_t>(end - rest)};
  for (const auto& u : units)
    if (suffix == u.name || (suffix.empty() && u.factor == 1)) {
      if (number >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / u.factor)
        refuse(text, allowed);
      return number * u.factor;
    }
  refuse(text, allowed);
}

template <class Units>
std::string show(std::uint64_t value, const Units& units) {
  for (const auto& u : units)
    if (value != 0 && value % u.factor == 0)
      return std::to_string(value / u.factor) + std::string{u.name};
  return std::string{"0"}.append(units.back().name);
}

} // namespace

std::chrono::milliseconds parse_duration(std::string_view text) {
  constexpr auto allowed = "a duration such as 250ms, 30s, 10m or 2h, up to 8760h";
  const std::chrono::milliseconds value(parse(text, durations, allowed));
  // A year: added to a clock that counts nanoseconds, more could overflow.
  if (value > std::chrono::hours(8760))
    refuse(text, allowed);
  return value;
}

std::string show_duration(std::chrono::milliseconds value) {
  return show(static_cast<std::uint64_t>(value.count()), durations);
}

std::size_t parse_size(std::string_view text) {
  return parse(text, sizes, "a size such as 4096, 256KiB, 64MiB or 1GiB");
}

std::string show_size(std::size_t value) {
  return show(value, sizes);
}

std::uint64_t parse_number(std::string_view text, std::uint64_t least,
                           std::uint64_t most) {
  std::uint64_t number = 0;
  const auto end = text.data() + text.size();
  const auto [rest, ec] = std::from_chars(text.data(), end, number);
  if (ec != std::errc{} || rest != end || number < least || number > most)
    refuse(text, "a whole number from " + std::to_string(least) + " to " +
                     std::to_string(most));
  return number;
}

double parse_share(std::string_view text) {
  double share = 0;
  const auto end = text.data() + text.size();
  const auto [rest, ec] = std::from_chars(text.data(), end, share);
  if (ec != std::errc{} || rest != end || !(share >= 0 && share <= 1))
    refuse(text, "a number from 0 to 1");
  return share;
}

std::string show_share(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string quoted(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out = "\"";
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (c < 0x20 || c == 0x7f)
      out.append("\\u00").append({hex[c >> 4], hex[c & 15]});
    else
      out += static_cast<char>(c);
  }
  return out + "\"";
}

bool parse_switch(std::string_view text) {
  if (text != "true" && text != "false")
    refuse(text, "true, false");
  return text == "true";
}

} // namespace conductor
