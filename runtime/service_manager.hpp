#pragma once

#include <chrono>
#include <string>

#include <sys/types.h>

namespace conductor {

/// What the node tells the service manager that started it (sd_notify): systemd, or
/// whoever listens at NOTIFY_SOCKET; without one nothing happens. Only from `main`'s
/// thread, which may have to wait for a manager that is slow.
class service_manager {
public:
  /// The node serves.
  void ready(const std::string& status);
  /// The configuration is being read anew; `ready` ends it.
  void reloading();
  /// The node ends, after at most `drain` and what it takes to end its threads.
  void stopping(std::chrono::milliseconds drain);
  /// That process is the service from now on.
  void succeeded_by(pid_t pid);
  /// A sign of life.
  void alive();

  /// Longest time between two signs of life; zero: none are wanted.
  std::chrono::microseconds wants_life_every() const;
};

} // namespace conductor
