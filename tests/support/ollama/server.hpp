#pragma once

#include "tests/support/ollama/world.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace conductor::test {

/// Accepts connections on a thread of its own, as Go does, so that answers under way
/// delay no new one; answers what comes on them on other threads, of which one owns a
/// connection for its life.
class server {
public:
  /// Binds and starts; throws std::runtime_error.
  explicit server(world& w);
  /// Closes everything and joins.
  ~server();

  std::uint16_t port() const { return port_; }

private:
  struct shop;
  void accept();

  world& world_;
  std::vector<std::unique_ptr<boost::asio::io_context>> loops_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::size_t next_ = 0;
  std::uint64_t connections_ = 0;
  std::vector<std::thread> threads_;
};

} // namespace conductor::test
