#pragma once

#include "adapters/lane/pulse.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>

namespace conductor {

/// WATCHDOG: looks once a second, from `main`'s loop, for a lane or worker that is stuck.
/// What ended late is logged and counted where it ended (`beat`).
class watchdog {
public:
  explicit watchdog(boost::asio::io_context& loop) : timer_(loop) { look_later(); }

private:
  void look_later() {
    timer_.expires_after(std::chrono::seconds(1));
    timer_.async_wait([this](const boost::system::error_code& ec) {
      if (ec)
        return;
      pulses::all().report_stuck();
      look_later();
    });
  }

  boost::asio::steady_timer timer_;
};

} // namespace conductor
