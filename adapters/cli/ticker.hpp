#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace conductor::cli {

/// Calls back every 100 ms while its loop runs, until destroyed; outlives its own last
/// handler.
class ticker {
public:
  ticker(boost::asio::io_context& io, std::function<void()> what)
      : self_(std::make_shared<state>(io, std::move(what))) {
    arm(self_);
  }
  ~ticker() { self_->timer.cancel(), self_->what = nullptr; }

private:
  struct state {
    state(boost::asio::io_context& io, std::function<void()> what)
        : timer(io), what(std::move(what)) {}
    boost::asio::steady_timer timer;
    std::function<void()> what;
  };
  static void arm(const std::shared_ptr<state>& s) {
    s->timer.expires_after(std::chrono::milliseconds(100));
    s->timer.async_wait([s](boost::system::error_code ec) {
      if (ec || !s->what)
        return;
      s->what();
      arm(s);
    });
  }
  std::shared_ptr<state> self_;
};

} // namespace conductor::cli
