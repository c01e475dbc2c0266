#include "adapters/lane/lane.hpp"

#include "adapters/lane/channel.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <limits>
#include <utility>

namespace conductor {
namespace {

/// Actors resumed before the sockets get their turn again: more starves the sockets,
/// fewer costs rounds of the loop.
constexpr std::size_t resumes_per_turn = 16;

thread_local const lane* current = nullptr;

} // namespace

lane::lane(caf::actor_system& system, std::string name)
    : caf::execution_unit(&system), name_(std::move(name)), io_(1) {
  guard_.emplace(io_.get_executor());
  // What sockets and timers wait with takes descriptors of its own, and is made for the
  // first of them: made now, the first connection needs none but its own.
  const boost::asio::steady_timer first{io_};
}

lane::~lane() = default;

bool lane::here() const noexcept {
  return current == this;
}

void lane::exec_later(caf::resumable* raw) {
  // The caller gives one reference away with the pointer.
  job_ptr job{raw, false};
  if (job->subtype() != caf::resumable::io_actor) {
    system().scheduler().enqueue(job.release());
    return;
  }
  if (here()) {
    enqueue(std::move(job));
  } else {
    boost::asio::post(io_, [this, job = std::move(job)]() mutable {
      turn scope{*this, "mailbox"};
      ready_.push_back(std::move(job));
    });
  }
}

void lane::enqueue(job_ptr job) {
  ready_.push_back(std::move(job));
  if (depth_ == 0) // else the turn in progress drains
    drain_later();
}

void lane::drain_later() {
  if (std::exchange(posted_, true))
    return;
  boost::asio::post(io_, [this] {
    posted_ = false;
    turn scope{*this, "mailbox"};
  });
}

void lane::drain() {
  backlog.store(ready_.size(), std::memory_order_relaxed);
  auto left = resumes_per_turn;
  do {
    for (; left > 0 && !ready_.empty(); --left) {
      auto job = std::move(ready_.front());
      ready_.pop_front();
      if (job->resume(this, std::numeric_limits<std::size_t>::max()) ==
          caf::resumable::resume_later)
        ready_.push_back(std::move(job));
    }
    settle();
  } while (left > 0 && !ready_.empty());
  if (!ready_.empty())
    drain_later();
}

/// A channel may ask again while it is settled: the list grows under the loop.
void lane::settle() {
  for (std::size_t i = 0; i < unsettled_.size(); ++i) {
    const auto [alive, c] = std::move(unsettled_[i]);
    c->settle();
  }
  unsettled_.clear();
}

void lane::start() {
  if (thread_.joinable())
    return;
  thread_ = std::thread([this] { run(); });
}

void lane::run() {
  pthread_setname_np(pthread_self(), name_.c_str());
  current = this;
  for (;;) {
    try {
      io_.run();
      break;
    } catch (const std::exception& e) {
      spdlog::error("lane {} survived an exception: {}", name_, e.what());
    }
  }
  current = nullptr;
}

void lane::release() {
  guard_.reset();
}

void lane::join() {
  if (thread_.joinable())
    thread_.join();
}

} // namespace conductor
