#include "tests/support/ollama/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace conductor::test {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// More than this is not read ahead of the request that it belongs to.
constexpr std::size_t read_ahead = 1u << 20;

} // namespace

connection::connection(socket s, std::uint64_t number)
    : socket_(std::move(s)), wake_(socket_.get_executor()), number_(number) {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
}

void connection::watch() {
  if (reading_ || gone_ || input_.size() >= read_ahead)
    return;
  reading_ = true;
  socket_.async_read_some(asio::buffer(scratch_),
                          [self = shared_from_this()](error_code failed, std::size_t n) {
                            self->reading_ = false;
                            self->input_.append(self->scratch_.data(), n);
                            self->gone_ = self->gone_ || failed;
                            self->wake_.cancel();
                          });
}

asio::awaitable<void> connection::pause(clock::time_point until) {
  watch();
  error_code ignored;
  wake_.expires_at(until);
  co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<bool> connection::fill() {
  if (reading_) {
    while (reading_)
      co_await pause(clock::time_point::max());
    co_return !gone_;
  }
  if (gone_)
    co_return false;
  error_code failed;
  auto n = co_await socket_.async_read_some(
      asio::buffer(scratch_), asio::redirect_error(asio::use_awaitable, failed));
  input_.append(scratch_.data(), n);
  gone_ = static_cast<bool>(failed);
  co_return !gone_;
}

asio::awaitable<bool> connection::write_all(std::string_view bytes) {
  if (gone_)
    co_return false;
  error_code failed;
  auto n = socket_.write_some(asio::buffer(bytes), failed);
  if (failed == asio::error::would_block)
    failed = {};
  if (!failed && n < bytes.size())
    co_await asio::async_write(socket_, asio::buffer(bytes.substr(n)),
                               asio::redirect_error(asio::use_awaitable, failed));
  gone_ = gone_ || failed;
  co_return !gone_;
}

asio::awaitable<bool> connection::write(std::string_view bytes, pieces how) {
  if (how.bytes == 0)
    co_return co_await write_all(bytes);
  while (!bytes.empty()) {
    auto piece = bytes.substr(0, how.bytes);
    bytes.remove_prefix(piece.size());
    if (!co_await write_all(piece))
      co_return false;
    if (how.gap.count() > 0)
      co_await sleep_until(clock::now() + how.gap);
    else
      co_await yield();
  }
  co_return !gone_;
}

asio::awaitable<bool> connection::sleep_until(clock::time_point then) {
  while (!gone_ && clock::now() < then)
    co_await pause(then);
  co_return !gone_;
}

asio::awaitable<void> connection::wait_for_poke() {
  if (!poked_ && !gone_)
    co_await pause(clock::time_point::max());
  poked_ = false;
}

asio::awaitable<void> connection::yield() {
  co_await asio::post(socket_.get_executor(), asio::use_awaitable);
}

void connection::poke() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->poked_ = true;
    self->wake_.cancel();
  });
}

void connection::close(bool reset) {
  error_code ignored;
  if (reset)
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  else
    socket_.shutdown(socket::shutdown_both, ignored);
  socket_.close(ignored);
  gone_ = true;
}

} // namespace conductor::test
