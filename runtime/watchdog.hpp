#pragma once

#include "adapters/lane/pulse.hpp"
#include "runtime/node.hpp"
#include "runtime/service_manager.hpp"

#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

namespace conductor {

/// WATCHDOG: looks once a second, or as often as the service manager wants, from `main`'s
/// loop, for a lane or worker that is stuck. The manager gets a sign of life only while
/// all turn. What ended late is logged and counted where it ended (`beat`).
class watchdog {
public:
  watchdog(boost::asio::io_context& loop, node& watched, service_manager& manager)
      : timer_(loop), node_(watched), manager_(manager) {
    constexpr std::chrono::microseconds second = std::chrono::seconds(1);
    const auto wanted = manager.wants_life_every();
    wanted_ = wanted.count() > 0;
    every_ = wanted_ ? std::min(second, wanted / 3) : second;
    look();
  }

private:
  void look() {
    pulses::all().report_stuck();
    node_.look_for_life();
    const auto stuck = node_.stuck();
    const bool turns = stuck.empty();
    if (turns && wanted_)
      manager_.alive();
    if (turns != turned_)
      spdlog::log(turns ? spdlog::level::info : spdlog::level::err, "the node {}",
                  turns ? "turns again" : "is stuck: " + stuck);
    turned_ = turns;
    timer_.expires_after(every_);
    timer_.async_wait([this](const boost::system::error_code& ec) {
      if (!ec)
        look();
    });
  }

  boost::asio::steady_timer timer_;
  node& node_;
  service_manager& manager_;
  std::chrono::microseconds every_;
  bool wanted_ = false;
  bool turned_ = true;
};

} // namespace conductor
