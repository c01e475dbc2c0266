#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace conductor::cli {

/// Draws when something changed, and not otherwise: at once, or where the last time was a
/// moment ago, once for all that changes until the moment is over. Its loop must not run
/// on after its end.
class painter {
public:
  painter(boost::asio::io_context& io, std::function<void()> draw)
      : timer_(io), draw_(std::move(draw)) {}

  /// Something changed.
  void mark() {
    if (std::exchange(marked_, true))
      return;
    timer_.expires_at(last_ + least_pause);
    timer_.async_wait([this](boost::system::error_code ec) {
      if (ec)
        return;
      marked_ = false;
      draw_();
      last_ = std::chrono::steady_clock::now();
    });
  }

private:
  static constexpr std::chrono::milliseconds least_pause{20};

  boost::asio::steady_timer timer_;
  std::function<void()> draw_;
  std::chrono::steady_clock::time_point last_{};
  bool marked_ = false;
};

} // namespace conductor::cli
