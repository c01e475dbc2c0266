#include "adapters/native/time_text.hpp"

#include <cctype>
#include <cstdio>
#include <ctime>

namespace conductor {
namespace {

/// Milliseconds of `.5`, `.25`, `.123456`; moves `text` behind them.
int fraction_of(const char*& text) {
  int thousandths = 0;
  int worth = 100;
  for (++text; std::isdigit(static_cast<unsigned char>(*text)) != 0; ++text, worth /= 10)
    thousandths += (*text - '0') * worth;
  return thousandths;
}

} // namespace

std::string time_text(wall_time t) {
  const auto thousandths = ((t % 1000) + 1000) % 1000;
  const std::time_t seconds = (t - thousandths) / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const auto n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + n, sizeof text - n, ".%03dZ", static_cast<int>(thousandths));
  return text;
}

wall_time time_of(const std::string& text) {
  std::tm parts{};
  const auto* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr)
    return 0;
  const int thousandths = *rest == '.' ? fraction_of(rest) : 0;
  int hours = 0, minutes = 0;
  char sign = '+';
  if (std::sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) != 3)
    hours = minutes = 0; // Z
  const auto east = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
  return (static_cast<wall_time>(::timegm(&parts)) - east) * 1000 + thousandths;
}

} // namespace conductor
