#include "adapters/cli/duration.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace conductor::cli {

namespace {

constexpr std::int64_t second = 1'000'000'000;

// `value` in units of `unit`, with the decimals that are needed and no more.
std::string decimal(std::uint64_t value, std::uint64_t unit) {
  auto text = std::to_string(value / unit);
  auto rest = value % unit;
  if (rest == 0)
    return text;
  text += '.';
  for (auto step = unit / 10; rest != 0; step /= 10) {
    text += static_cast<char>('0' + rest / step);
    rest %= step;
  }
  return text;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Nanoseconds of the unit at the head of `text`, which is taken off; 0 if there is none.
double take_unit(std::string_view& text) {
  static constexpr std::array<std::pair<std::string_view, double>, 8> units{
      {{"ns", 1},
       {"us", 1e3},
       {"\u00b5s", 1e3},
       {"\u03bcs", 1e3},
       {"ms", 1e6},
       {"s", 1e9},
       {"m", 60e9},
       {"h", 3600e9}}};
  for (const auto& [name, worth] : units) {
    if (text.starts_with(name)) {
      text.remove_prefix(name.size());
      return worth;
    }
  }
  return 0;
}

} // namespace

std::string go_duration(std::int64_t nanoseconds) {
  if (nanoseconds == 0)
    return "0s";
  bool negative = nanoseconds < 0;
  auto u = static_cast<std::uint64_t>(nanoseconds);
  if (negative)
    u = ~u + 1;
  std::string text = negative ? "-" : "";
  if (u < 1'000)
    return text + std::to_string(u) + "ns";
  if (u < 1'000'000)
    return text + decimal(u, 1'000) + "\u00b5s";
  if (u < second)
    return text + decimal(u, 1'000'000) + "ms";
  auto minutes = u / second / 60;
  if (minutes >= 60)
    text += std::to_string(minutes / 60) + "h";
  if (minutes > 0)
    text += std::to_string(minutes % 60) + "m";
  return text + decimal(u - minutes * 60 * second, second) + "s";
}

std::optional<std::int64_t> parse_go_duration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0")
    return 0;
  if (text.empty())
    return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double value = 0, scale = 1;
    bool digits = false, fraction = false;
    while (!text.empty() &&
           (is_digit(text.front()) || (text.front() == '.' && !fraction))) {
      if (text.front() == '.') {
        fraction = true;
      } else {
        digits = true;
        value = value * 10 + (text.front() - '0');
        scale *= fraction ? 10 : 1;
      }
      text.remove_prefix(1);
    }
    auto unit = digits ? take_unit(text) : 0;
    if (unit == 0)
      return std::nullopt;
    total += value / scale * unit;
  }
  if (total >= 9.2e18)
    return std::nullopt;
  auto whole = static_cast<std::int64_t>(std::llround(total));
  return negative ? -whole : whole;
}

} // namespace conductor::cli
