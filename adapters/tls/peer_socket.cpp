#include "adapters/tls/peer_socket.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace conductor {
namespace {

/// A record's worth of several buffers, side by side.
std::pair<const void*, std::size_t>
one_record(const std::vector<boost::asio::const_buffer>& from) {
  static constexpr std::size_t most = 16 * 1024;
  if (from.size() == 1 || from.front().size() >= most)
    return {from.front().data(), std::min(from.front().size(), most)};
  thread_local std::array<char, most> record;
  std::size_t n = 0;
  for (const auto& b : from) {
    const auto part = std::min(b.size(), most - n);
    std::memcpy(record.data() + n, b.data(), part);
    n += part;
    if (n == most)
      break;
  }
  return {record.data(), n};
}

} // namespace

void peer_socket::connected(bool tcp) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  if (!tcp)
    return;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  for (const auto& [option, value] :
       {std::pair{TCP_KEEPIDLE, 15}, {TCP_KEEPINTVL, 15}, {TCP_KEEPCNT, 9}})
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
}

void peer_socket::accept_tls(const tls_context& context) {
  tls_ = std::make_unique<tls_session>(context, tls_session::end::accepting,
                                       socket_.native_handle());
}

void peer_socket::connect_tls(const tls_context& context, const std::string& host) {
  tls_ = std::make_unique<tls_session>(context, tls_session::end::connecting,
                                       socket_.native_handle(), host);
}

bool peer_socket::ready(error_code& ec) {
  ec = {};
  return !tls_ || tls_->shake_hands(ec);
}

std::size_t peer_socket::read_some(boost::asio::mutable_buffer to, error_code& ec) {
  return tls_ ? tls_->read(to.data(), to.size(), ec)
              : socket_.read_some(boost::asio::mutable_buffers_1{to}, ec);
}

std::size_t peer_socket::write_some(const std::vector<boost::asio::const_buffer>& from,
                                    error_code& ec) {
  if (!tls_)
    return socket_.write_some(from, ec);
  const auto [data, size] = one_record(from);
  return tls_->write(data, size, ec);
}

peer_socket::wait_type peer_socket::reading_waits_for() const noexcept {
  return tls_ && tls_->reading_waits_for_room() ? stream_socket::wait_write
                                                : stream_socket::wait_read;
}

peer_socket::wait_type peer_socket::writing_waits_for() const noexcept {
  return tls_ && !tls_->writing_waits_for_room() ? stream_socket::wait_read
                                                 : stream_socket::wait_write;
}

void peer_socket::shutdown_send() {
  if (tls_)
    tls_->end_sending();
  error_code ignored;
  socket_.shutdown(stream_socket::shutdown_send, ignored);
}

void peer_socket::close() {
  error_code ignored;
  socket_.close(ignored);
}

void teardown(boost::beast::role_type, peer_socket& socket,
              boost::system::error_code& ec) {
  ec = {};
  socket.shutdown_send();
}

void beast_close_socket(peer_socket& socket) {
  socket.close();
}

} // namespace conductor
