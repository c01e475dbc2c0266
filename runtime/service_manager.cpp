#include "runtime/service_manager.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <time.h>

namespace conductor {
namespace {

void tell(const std::string& text) {
  sd_notify(0, text.c_str());
}

} // namespace

void service_manager::ready(const std::string& status) {
  tell("READY=1\nSTATUS=" + status);
}

void service_manager::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto micros = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micros));
}

void service_manager::stopping(std::chrono::milliseconds drain) {
  constexpr auto spare = std::chrono::seconds(15);
  const auto most = std::chrono::microseconds(drain + spare).count();
  tell("STOPPING=1\nSTATUS=answers in flight may end\nEXTEND_TIMEOUT_USEC=" +
       std::to_string(most));
}

void service_manager::succeeded_by(pid_t pid) {
  tell("MAINPID=" + std::to_string(pid));
}

void service_manager::alive() {
  tell("WATCHDOG=1");
}

std::chrono::microseconds service_manager::wants_life_every() const {
  std::uint64_t micros = 0;
  if (sd_watchdog_enabled(0, &micros) <= 0)
    return {};
  return std::chrono::microseconds(static_cast<std::int64_t>(micros));
}

} // namespace conductor
