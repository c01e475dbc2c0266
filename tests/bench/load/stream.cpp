#include "tests/bench/load/stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <ctime>

namespace conductor::bench {

namespace asio = boost::asio;
using boost::system::error_code;

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

stream::stream(asio::io_context& io, audience& a, unsigned number,
               std::unique_ptr<line_check> check, tls_context tls)
    : socket_(io)
    , tls_(std::move(tls))
    , audience_(a)
    , number_(number)
    , check_(std::move(check))
    , buffer_(std::make_unique<std::array<char, 16'384>>()) {}

void stream::connect(const asio::ip::tcp::endpoint& to) {
  socket_.plain().async_connect(to, [this](error_code e) {
    if (closed_)
      return;
    if (e)
      fail("cannot connect: " + e.message());
    socket_.connected(true);
    if (!tls_) {
      opened();
      return;
    }
    socket_.connect_tls(tls_, "localhost");
    socket_.async_shake_hands([this](error_code failed, std::size_t) {
      if (closed_)
        return;
      if (failed)
        fail("no TLS: " + failed.message());
      opened();
    });
  });
}

void stream::opened() {
  read();
  audience_.connected(*this);
}

void stream::ask(const question& q) {
  busy_ = first_ = true;
  begun_ = false;
  reader_.reset();
  check_->expect(q);
  asked_ = monotonic_ns();
  asio::async_write(socket_, asio::buffer(q.text), [this](error_code e, std::size_t) {
    if (e && !closed_)
      fail("cannot write: " + e.message());
  });
}

void stream::close() {
  closed_ = true;
  socket_.close();
}

void stream::read() {
  socket_.async_read_some(asio::buffer(*buffer_), [this](error_code e, std::size_t n) {
    if (closed_)
      return;
    auto arrived = monotonic_ns();
    if (e)
      fail(busy_ ? "the connection ended after " + std::to_string(check_->count()) +
                       " records of an answer: " + e.message()
                 : "the idle connection was closed: " + e.message());
    take({buffer_->data(), n}, arrived);
    if (!closed_)
      read();
  });
}

void stream::take(std::string_view input, std::int64_t arrived) {
  if (!busy_)
    fail("bytes that nobody asked for: " + std::string(input.substr(0, 60)));
  std::string_view text;
  try {
    while (reader_.next(input, text)) {
      times_.clear();
      check_->line(text, times_);
      if (!std::exchange(begun_, true))
        audience_.begun(*this, asked_, arrived);
      for (auto sent : times_) {
        audience_.record(*this, std::exchange(first_, false), asked_, sent, arrived);
        if (closed_)
          return;
      }
    }
    if (!reader_.complete())
      return;
    check_->over();
    if (!input.empty())
      throw load_error("bytes after the answer's end");
  } catch (const load_error& e) {
    fail(e.what());
  }
  busy_ = false;
  audience_.answered(*this, asked_, arrived);
}

void stream::fail(const std::string& what) const {
  throw load_error("stream " + std::to_string(number_) + ": " + what);
}

} // namespace conductor::bench
