#include "adapters/blocking/executor.hpp"

#include <pthread.h>

#include <utility>

namespace conductor {

executor::executor(std::string name, bool held, patience at_the_end)
    : patience_(at_the_end) {
  shared_->held = held;
  thread_ = std::thread([s = shared_, name = std::move(name)] {
    pthread_setname_np(pthread_self(), name.c_str());
    run(*s);
  });
}

executor::~executor() {
  auto& s = *shared_;
  std::unique_lock lock{s.mutex};
  s.ending = true;
  if (s.held)
    s.jobs.clear();
  s.held = false;
  s.posted.notify_one();
  if (patience_ && !s.left.wait_for(lock, *patience_, [&s] { return s.ended; })) {
    const auto dropped = std::exchange(s.jobs, {});
    lock.unlock();
    thread_.detach();
    return;
  }
  lock.unlock();
  thread_.join();
}

void executor::post(std::function<void()> job) {
  {
    std::lock_guard guard{shared_->mutex};
    shared_->jobs.push_back(std::move(job));
  }
  shared_->posted.notify_one();
}

void executor::release() {
  {
    std::lock_guard guard{shared_->mutex};
    shared_->held = false;
  }
  shared_->posted.notify_one();
}

void executor::run(shared& s) {
  std::unique_lock lock{s.mutex};
  while (true) {
    s.posted.wait(lock, [&s] { return s.ending || (!s.held && !s.jobs.empty()); });
    if (s.jobs.empty())
      break;
    auto job = std::move(s.jobs.front());
    s.jobs.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
  s.ended = true;
  s.left.notify_one();
}

} // namespace conductor
