#include "adapters/blocking/executor.hpp"

#include <pthread.h>

#include <utility>

namespace conductor {

executor::executor(std::string name, bool held) : name_(std::move(name)), held_(held) {
  thread_ = std::thread([this] { run(); });
}

executor::~executor() {
  {
    std::lock_guard guard{mutex_};
    ending_ = true;
    if (held_)
      jobs_.clear();
    held_ = false;
  }
  posted_.notify_one();
  thread_.join();
}

void executor::post(std::function<void()> job) {
  {
    std::lock_guard guard{mutex_};
    jobs_.push_back(std::move(job));
  }
  posted_.notify_one();
}

void executor::release() {
  {
    std::lock_guard guard{mutex_};
    held_ = false;
  }
  posted_.notify_one();
}

void executor::run() {
  pthread_setname_np(pthread_self(), name_.c_str());
  std::unique_lock lock{mutex_};
  while (true) {
    posted_.wait(lock, [this] { return ending_ || (!held_ && !jobs_.empty()); });
    if (jobs_.empty())
      return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
}

} // namespace conductor
