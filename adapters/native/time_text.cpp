#include "adapters/native/time_text.hpp"

#include <cstdio>
#include <ctime>

namespace conductor {

std::string time_text(wall_time t) {
  const std::time_t seconds = t / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const auto n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + n, sizeof text - n, ".%03dZ", static_cast<int>(t % 1000));
  return text;
}

wall_time time_of(const std::string& text) {
  std::tm parts{};
  const auto* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr)
    return 0;
  int thousandths = 0;
  if (*rest == '.' && std::sscanf(rest, ".%3d", &thousandths) != 1)
    return 0;
  return static_cast<wall_time>(::timegm(&parts)) * 1000 + thousandths;
}

} // namespace conductor
