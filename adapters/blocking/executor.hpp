#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace conductor {

/// One plain thread for calls that may block; it is no actor, and no actor waits for it:
/// what a job found comes back as a message. One for each kind of call, so that one that
/// hangs starves nobody else.
class executor {
public:
  /// `name` is the thread's, at most 15 characters. One that is held runs no job before
  /// `release()`.
  explicit executor(std::string name, bool held = false);
  /// Finishes the jobs that were posted; drops them while held.
  ~executor();
  executor(const executor&) = delete;

  /// Runs `job` after those posted before. Any thread. A job must not throw.
  void post(std::function<void()> job);

  /// Lets one that was held run. Any thread.
  void release();

private:
  void run();

  std::string name_;
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> jobs_;
  bool ending_ = false;
  bool held_;
  std::thread thread_;
};

} // namespace conductor
