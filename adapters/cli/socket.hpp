#pragma once

#include "config/endpoint.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace conductor::cli {

/// Whom a node_link tells what happens.
struct link_reader {
  std::function<void()> on_open; ///< connected, at first and after each loss
  std::function<void(std::string_view)> on_message; ///< one text of the node
  std::function<void(const std::string&)> on_loss;  ///< and why; it is tried again
};

/// A WebSocket to the node's /conductor/v1/ws that comes back by itself: at once after a
/// loss, then after pauses that grow from a quarter of a second to four. While all is
/// quiet it does nothing but answer the node's pings. Calls back while the loop runs and
/// until its end; in one thread.
class node_link {
public:
  node_link(boost::asio::io_context& loop, std::vector<endpoint> candidates,
            link_reader reader);
  ~node_link();

  /// Sends a text. False: there is no connection, and nobody will get it.
  bool send(std::string text);

  /// Tries to connect now, if it is in a pause.
  void hurry();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace conductor::cli
