#include "adapters/lane/channel.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace conductor {

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
  socket_.shutdown_send();
}

void channel::close() {
  closed_ = true;
  out_ = {};
  socket_.close();
}

peer_socket channel::release() {
  closed_ = true;
  boost::system::error_code ignored;
  socket_.plain().cancel(ignored);
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
  boost::system::error_code ec;
  if (!writing_ && !closed_ && out_.empty())
    socket_.ready(ec);
  while (!ec && !writing_ && !closed_ && !out_.empty())
    if (const auto n = socket_.write_some(out_.gather(), ec); !ec)
      told_.took(out_.consume(n));
  if (ec == boost::asio::error::would_block)
    await_room();
  else if (ec)
    told_.write_failed(ec);
  else if (!writing_ && !closed_)
    told_.emptied();
}

void channel::await_room() {
  writing_ = true;
  told_.full();
  socket_.plain().async_wait(
      socket_.writing_waits_for(),
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
  auto look = [this, alive = caf::strong_actor_ptr{actor_}](
                  const boost::system::error_code& ec) { look_for_bytes(ec); };
  if (socket_.has_unread())
    boost::asio::post(home_.io(), [look = std::move(look)] { look({}); });
  else
    socket_.plain().async_wait(socket_.reading_waits_for(), std::move(look));
}

void channel::look_for_bytes(boost::system::error_code ec) {
  lane::turn scope{home_, "channel"};
  reading_ = false;
  if (closed_)
    return;
  auto& into = home_.read_buffer();
  std::size_t n = 0;
  if (!ec)
    n = socket_.read_some(boost::asio::buffer(into), ec);
  if (ec == boost::asio::error::would_block)
    read();
  else if (ec)
    told_.read_failed(ec);
  else
    told_.received({into.data(), n});
}

} // namespace conductor
