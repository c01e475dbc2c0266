#pragma once

#include "adapters/tls/session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace conductor {

/// A stream socket, TCP or Unix.
using stream_socket = boost::asio::generic::stream_protocol::socket;

/// The way to one peer: a stream socket, plain or under TLS. It is non-blocking, and one
/// of Beast's asynchronous streams. One thread.
class peer_socket {
public:
  using error_code = boost::system::error_code;
  using executor_type = stream_socket::executor_type;
  using wait_type = stream_socket::wait_type;

  explicit peer_socket(boost::asio::io_context& io) : socket_(io) {}
  peer_socket(peer_socket&&) noexcept = default;
  peer_socket& operator=(peer_socket&&) noexcept = default;

  /// For connecting and its options.
  stream_socket& plain() noexcept { return socket_; }
  executor_type get_executor() { return socket_.get_executor(); }

  /// The socket is connected: makes it non-blocking, sends small writes at once, and asks
  /// after a peer who is silent, as Go does: one who vanished is gone in 150 s.
  void connected(bool tcp);
  /// What is read and written from now on is under TLS.
  void accept_tls(const tls_context& context);
  void connect_tls(const tls_context& context, const std::string& host);
  /// Speaks plainly again, to a peer that does.
  void forget_tls() noexcept { tls_.reset(); }
  bool secure() const noexcept { return tls_ != nullptr; }

  // What can be done now; else would_block, and what to wait for.
  /// True: TLS is agreed on, or there is none.
  bool ready(error_code& ec);
  std::size_t read_some(boost::asio::mutable_buffer to, error_code& ec);
  std::size_t write_some(const std::vector<boost::asio::const_buffer>& from,
                         error_code& ec);
  wait_type reading_waits_for() const noexcept;
  wait_type writing_waits_for() const noexcept;
  /// Bytes are here already that no socket will announce.
  bool has_unread() const noexcept { return tls_ && tls_->has_unread(); }

  void shutdown_send();
  void close();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (!tls_)
      return socket_.async_read_some(buffers, std::forward<Token>(token));
    const boost::asio::mutable_buffer to = *boost::asio::buffer_sequence_begin(buffers);
    return wait_and_do([this, to](error_code& ec) { return read_some(to, ec); },
                       [this] { return reading_waits_for(); },
                       std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (!tls_)
      return socket_.async_write_some(buffers, std::forward<Token>(token));
    std::vector<boost::asio::const_buffer> from(
        boost::asio::buffer_sequence_begin(buffers),
        boost::asio::buffer_sequence_end(buffers));
    return wait_and_do(
        [this, from = std::move(from)](error_code& ec) { return write_some(from, ec); },
        [this] { return writing_waits_for(); }, std::forward<Token>(token));
  }
  template <class Token>
  auto async_shake_hands(Token&& token) {
    return wait_and_do([this](error_code& ec) { return std::size_t{ready(ec)}; },
                       [this] { return writing_waits_for(); },
                       std::forward<Token>(token));
  }

private:
  /// Tries, waits for the socket while that would block, and never calls back at once.
  template <class Try, class Wait, class Token>
  auto wait_and_do(Try attempt, Wait waits_for, Token&& token) {
    return boost::asio::async_compose<Token, void(error_code, std::size_t)>(
        [this, attempt = std::move(attempt), waits_for = std::move(waits_for),
         result = std::pair{error_code{}, std::size_t{0}},
         stage = 0](auto& self, error_code ec = {}) mutable {
          if (stage == 2) {
            self.complete(result.first, result.second);
            return;
          }
          const bool inside = std::exchange(stage, 1) == 0;
          if (!ec)
            result.second = attempt(ec);
          if (ec == boost::asio::error::would_block) {
            socket_.async_wait(waits_for(), std::move(self));
            return;
          }
          result.first = ec;
          stage = 2;
          if (inside)
            boost::asio::post(socket_.get_executor(), std::move(self));
          else
            self.complete(result.first, result.second);
        },
        token, socket_);
  }

  stream_socket socket_;
  std::unique_ptr<tls_session> tls_;
};

// What Beast's WebSocket asks of a stream of ours.
void teardown(boost::beast::role_type role, peer_socket& socket,
              boost::system::error_code& ec);
void beast_close_socket(peer_socket& socket);
template <class Handler>
void async_teardown(boost::beast::role_type role, peer_socket& socket,
                    Handler&& handler) {
  boost::system::error_code ec;
  teardown(role, socket, ec);
  boost::asio::post(socket.get_executor(), [handler = std::forward<Handler>(handler),
                                            ec]() mutable { handler(ec); });
}

} // namespace conductor
