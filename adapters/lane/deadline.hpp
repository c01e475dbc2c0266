#pragma once

#include <boost/asio/steady_timer.hpp>
#include <caf/actor_control_block.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace conductor {

/// One deadline of one connection, moved often and reached seldom: moving it later costs
/// a clock reading, no timer operation. Its lane only.
class deadline {
public:
  using clock = std::chrono::steady_clock;

  /// `expired` runs on the lane; the `owner` actor, whose member this is, lives on while
  /// the timer runs.
  deadline(boost::asio::io_context& io, caf::actor_control_block* owner,
           std::function<void()> expired)
      : timer_(io), owner_(owner), expired_(std::move(expired)) {}

  /// Expires `after` from now; zero: never.
  void set(std::chrono::milliseconds after) {
    if (after.count() <= 0) {
      clear();
      return;
    }
    due_ = clock::now() + after;
    if (!armed_ || due_ < armed_for_)
      arm();
  }

  void clear() noexcept { due_ = clock::time_point::max(); }

  /// Lets go of the owner; nothing may be set after.
  void stop() {
    clear();
    timer_.cancel();
  }

private:
  void arm() {
    armed_ = true;
    armed_for_ = due_;
    timer_.expires_at(due_);
    timer_.async_wait([this, held = caf::strong_actor_ptr{owner_}](
                          const boost::system::error_code& ec) {
      if (ec)
        return; // moved earlier, or stopped
      armed_ = false;
      if (due_ == clock::time_point::max())
        return;
      if (clock::now() < due_)
        arm();
      else
        expired_();
    });
  }

  boost::asio::steady_timer timer_;
  caf::actor_control_block* owner_;
  std::function<void()> expired_;
  clock::time_point due_ = clock::time_point::max();
  clock::time_point armed_for_{};
  bool armed_ = false;
};

} // namespace conductor
