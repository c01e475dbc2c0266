#include "adapters/lane/channel.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <utility>

namespace conductor {

void channel::connected(bool tcp) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  if (tcp)
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

void channel::read() {
  if (reading_ || closed_)
    return;
  want_read_ = true;
  settle_later();
}

void channel::text(std::string t) {
  out_.text(std::move(t));
  flush();
}

void channel::body(bytes data, bool chunked) {
  out_.body(std::move(data), chunked);
  flush();
}

void channel::flush() {
  want_write_ = true;
  settle_later();
}

void channel::shutdown_send() {
  boost::system::error_code ignored;
  socket_.shutdown(stream_socket::shutdown_send, ignored);
}

void channel::close() {
  closed_ = true;
  out_ = {};
  boost::system::error_code ignored;
  socket_.close(ignored);
}

stream_socket channel::release() {
  closed_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
  return std::move(socket_);
}

void channel::settle_later() {
  if (!closed_ && !std::exchange(settling_, true))
    home_.settle_later(caf::strong_actor_ptr{actor_}, *this);
}

void channel::settle() {
  settling_ = false;
  if (std::exchange(want_write_, false))
    write();
  if (std::exchange(want_read_, false))
    await_bytes();
}

/// Writes until the socket is full. It never blocks: what it takes now is written in this
/// turn, without the detour of a completion handler; for the rest it is awaited.
void channel::write() {
  while (!writing_ && !closed_ && !out_.empty()) {
    boost::system::error_code ec;
    const auto n = socket_.write_some(out_.gather(), ec);
    if (ec == boost::asio::error::would_block) {
      await_room();
      return;
    }
    if (ec) {
      told_.write_failed(ec);
      return;
    }
    told_.took(out_.consume(n));
  }
  if (!writing_ && !closed_)
    told_.emptied();
}

void channel::await_room() {
  writing_ = true;
  told_.full();
  socket_.async_wait(
      stream_socket::wait_write,
      [this, alive = caf::strong_actor_ptr{actor_}](const boost::system::error_code& ec) {
        lane::turn scope{home_, "channel"};
        writing_ = false;
        if (closed_)
          return;
        if (ec)
          told_.write_failed(ec);
        else
          flush();
      });
}

void channel::await_bytes() {
  if (reading_ || closed_)
    return;
  reading_ = true;
  socket_.async_wait(
      stream_socket::wait_read,
      [this, alive = caf::strong_actor_ptr{actor_}](const boost::system::error_code& ec) {
        lane::turn scope{home_, "channel"};
        reading_ = false;
        if (closed_)
          return;
        auto failure = ec;
        std::size_t n = 0;
        if (!failure)
          n = socket_.read_some(boost::asio::buffer(home_.read_buffer()), failure);
        if (failure == boost::asio::error::would_block)
          read();
        else if (failure)
          told_.read_failed(failure);
        else
          told_.received({home_.read_buffer().data(), n});
      });
}

} // namespace conductor
