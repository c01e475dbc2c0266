#pragma once

#include "adapters/cli/background_request.hpp"
#include "adapters/cli/client.hpp"
#include "adapters/cli/retries.hpp"

#include <boost/asio/steady_timer.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace conductor::cli {

/// What who follows a session hears.
struct feed_listener {
  std::function<void(const nlohmann::json&)> event;
  std::function<std::uint64_t()> next; ///< the first event not heard, 0: none was
  std::function<void(const std::string&)> lost; ///< why; once, until found again
  std::function<void()> found;
  std::function<void(std::exception_ptr)> failed; ///< it will not go on
};

/// The events of a session as they happen, while the client's loop runs. A connection
/// that is lost is taken up where it broke, for as long as it takes.
class session_feed {
public:
  session_feed(client& node, std::string id, feed_listener listener);
  ~session_feed();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace conductor::cli
