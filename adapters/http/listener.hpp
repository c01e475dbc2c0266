#pragma once

#include "adapters/http/door.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace conductor {

/// One listening address: accepts, and hands each connection to the lane with the fewest.
/// Accepting runs on the first of its lanes. Out of descriptors, it pauses.
class listener {
public:
  struct seat {
    lane* where = nullptr;
    door_actor door;
  };

  /// A socket that listens already; `own`: its file goes with this listener.
  struct open_socket {
    int descriptor = -1;
    bool own = false;
  };

  /// Binds and listens, or takes `open`; throws std::runtime_error that names the address
  /// and the reason. A Unix socket left by a node that is gone is replaced, one that
  /// answers is not.
  listener(const endpoint& at, std::vector<seat> seats,
           std::shared_ptr<const wire_context> context,
           std::optional<open_socket> open = {});
  ~listener();

  /// Begins to accept.
  void start();

  /// Stops accepting and closes, from any thread; `done` is called on the accepting lane
  /// when every connection that was accepted is on its way to its lane.
  void stop(std::function<void()> done);

  /// The address in use: the port is the real one.
  const endpoint& address() const noexcept { return address_; }

  /// For another process to listen on as well; before `stop()`.
  open_socket socket();
  /// A Unix socket's file is another's from now on.
  void leave_file() noexcept { owns_file_ = false; }

private:
  using tcp_acceptor = boost::asio::ip::tcp::acceptor;
  using unix_acceptor = boost::asio::local::stream_protocol::acceptor;

  void bind();
  void take(int descriptor);
  void accept();
  template <class Socket>
  void accepted(Socket socket);
  void refuse(stream_socket socket, int status, const std::string& why);

  endpoint address_;
  std::vector<seat> seats_;
  std::shared_ptr<const wire_context> context_;
  std::variant<std::monostate, tcp_acceptor, unix_acceptor> acceptor_;
  boost::asio::steady_timer pause_;
  bool owns_file_ = false;
};

} // namespace conductor
