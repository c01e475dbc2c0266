#include "adapters/native/session_id.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>

namespace conductor {

std::string new_session_id() {
  // std::random_device is the system's generator on Linux.
  thread_local std::random_device random;
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const auto a = random(), b = random(), c = random();
  char text[40];
  std::snprintf(text, sizeof text, "%08llx-%04llx-7%03x-%04x-%04x%08x",
                static_cast<unsigned long long>(now) >> 16 & 0xffffffff,
                static_cast<unsigned long long>(now) & 0xffff, a & 0xfff,
                0x8000 | ((a >> 12) & 0x3fff), b & 0xffff, c);
  return text;
}

} // namespace conductor
