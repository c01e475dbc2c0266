#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace conductor {

/// One plain thread for calls that may block; it is no actor, and no actor waits for it:
/// what a job found comes back as a message. One for each kind of call, so that one that
/// hangs starves nobody else.
class executor {
public:
  using patience = std::optional<std::chrono::milliseconds>;

  /// `name` is the thread's, at most 15 characters.
  explicit executor(std::string name, patience at_the_end = std::nullopt)
      : executor(std::move(name), false, at_the_end) {}
  /// One that is held runs no job before `release()`.
  executor(std::string name, bool held, patience at_the_end = std::nullopt);
  /// Finishes the jobs that were posted; drops them while held. Where that takes longer
  /// than the patience at the end, a job that hangs is left to itself with its thread,
  /// and what waits behind it is dropped: such a job may use only what it owns, or
  /// shares.
  ~executor();
  executor(const executor&) = delete;

  /// Runs `job` after those posted before. Any thread. A job must not throw.
  void post(std::function<void()> job);

  /// Lets one that was held run. Any thread.
  void release();

private:
  /// What the thread shares with this object, which it may outlive.
  struct shared {
    std::mutex mutex;
    std::condition_variable posted;
    std::condition_variable left;
    std::deque<std::function<void()>> jobs;
    bool held = false;
    bool ending = false;
    bool ended = false;
  };
  static void run(shared& s);

  std::shared_ptr<shared> shared_ = std::make_shared<shared>();
  patience patience_;
  std::thread thread_;
};

} // namespace conductor
