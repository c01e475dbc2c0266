#include "adapters/cli/human.hpp"

#include "adapters/cli/duration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

namespace conductor::cli {

using namespace std::chrono;

namespace {

std::string human_span(double span_seconds) {
  auto whole = static_cast<std::int64_t>(span_seconds);
  if (whole < 1)
    return "Less than a second";
  if (whole == 1)
    return "1 second";
  if (whole < 60)
    return std::to_string(whole) + " seconds";
  auto whole_minutes = static_cast<std::int64_t>(span_seconds / 60);
  if (whole_minutes == 1)
    return "About a minute";
  if (whole_minutes < 60)
    return std::to_string(whole_minutes) + " minutes";
  auto whole_hours = static_cast<std::int64_t>(std::round(span_seconds / 3600));
  if (whole_hours == 1)
    return "About an hour";
  if (whole_hours < 48)
    return std::to_string(whole_hours) + " hours";
  if (whole_hours < 24 * 7 * 2)
    return std::to_string(whole_hours / 24) + " days";
  if (whole_hours < 24 * 30 * 2)
    return std::to_string(whole_hours / 24 / 7) + " weeks";
  if (whole_hours < 24 * 365 * 2)
    return std::to_string(whole_hours / 24 / 30) + " months";
  return std::to_string(static_cast<std::int64_t>(span_seconds / 3600) / 24 / 365) +
         " years";
}

// Takes `digits` decimal digits off `text`; false if they are not there.
bool take_number(std::string_view& text, int digits, int& value) {
  value = 0;
  for (int i = 0; i < digits; ++i) {
    if (text.empty() || text.front() < '0' || text.front() > '9')
      return false;
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  return true;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos)
    return false;
  text.remove_prefix(1);
  return true;
}

} // namespace

std::string fixed(double value, int decimals) {
  std::array<char, 64> space{};
  auto n = std::snprintf(space.data(), space.size(), "%.*f", decimals, value);
  return {space.data(), static_cast<std::size_t>(std::clamp(n, 0, 63))};
}

moment now() {
  return floor<microseconds>(system_clock::now());
}

std::string human_bytes(std::int64_t bytes) {
  static constexpr std::array<std::pair<double, const char*>, 4> units{
      {{1e12, " TB"}, {1e9, " GB"}, {1e6, " MB"}, {1e3, " KB"}}};
  for (const auto& [worth, name] : units) {
    auto value = static_cast<double>(bytes) / worth;
    if (value < 1)
      continue;
    bool whole = value >= 10 || value == std::trunc(value);
    return (whole ? std::to_string(static_cast<std::int64_t>(value)) : fixed(value, 1)) +
           name;
  }
  return std::to_string(bytes) + " B";
}

std::string human_number(std::uint64_t count) {
  auto value = static_cast<double>(count);
  auto scaled = [&](double worth, int decimals, const char* name) {
    auto v = value / worth;
    return fixed(v, v == std::floor(v) ? 0 : decimals) + name;
  };
  if (count >= 1'000'000'000)
    return scaled(1e9, 1, "B");
  if (count >= 1'000'000)
    return scaled(1e6, 2, "M");
  if (count >= 1'000)
    return scaled(1e3, 0, "K");
  return std::to_string(count);
}

std::optional<moment> parse_moment(std::string_view text) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  if (!take_number(text, 4, y) || !take(text, "-") || !take_number(text, 2, mo) ||
      !take(text, "-") || !take_number(text, 2, d) || !take(text, "Tt ") ||
      !take_number(text, 2, h) || !take(text, ":") || !take_number(text, 2, mi) ||
      !take(text, ":") || !take_number(text, 2, s))
    return std::nullopt;
  microseconds fraction{0};
  if (take(text, ".")) {
    auto worth = 100'000;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; worth /= 10) {
      fraction += microseconds((text.front() - '0') * worth);
      text.remove_prefix(1);
    }
  }
  minutes offset{0};
  if (!take(text, "Zz")) {
    bool east = text.starts_with('+');
    int oh = 0, om = 0;
    if (!take(text, "+-") || !take_number(text, 2, oh) || !take(text, ":") ||
        !take_number(text, 2, om))
      return std::nullopt;
    offset = minutes(oh * 60 + om) * (east ? 1 : -1);
  }
  auto date = year{y} / month{static_cast<unsigned>(mo)} / day{static_cast<unsigned>(d)};
  if (!text.empty() || !date.ok())
    return std::nullopt;
  return moment(sys_days(date)) + hours(h) + minutes(mi) + seconds(s) + fraction - offset;
}

std::string human_time(moment when, moment now) {
  if (when == moment(sys_days(year{1} / January / 1)))
    return "Never";
  // Go's durations end at 292 years.
  constexpr double longest = 9'223'372'036.854775807;
  auto ago = std::clamp(duration<double>(now - when).count(), -longest, longest);
  if (static_cast<std::int64_t>(ago / 3600) / 24 / 365 < -20)
    return "Forever";
  return ago < 0 ? human_span(-ago) + " from now" : human_span(ago) + " ago";
}

std::string short_duration(seconds span) {
  if (span >= hours(100))
    return "99h+";
  if (span >= hours(1))
    return std::to_string(span / hours(1)) + "h" +
           std::to_string(span / minutes(1) % 60) + "m";
  return go_duration(duration_cast<nanoseconds>(span).count());
}

} // namespace conductor::cli
