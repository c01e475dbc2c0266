#pragma once

#include "config/endpoint.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace conductor::cli {

/// `body` as a complete HTTP response with its length.
inline std::string response(const std::string& body,
                            const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// `records` as a chunked HTTP response, one chunk each.
inline std::string stream_of(const std::vector<std::string>& records, bool ended = true) {
  std::string out = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n";
  for (const auto& r : records) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", r.size());
    out += size + r + "\r\n";
  }
  return ended ? out + "0\r\n\r\n" : out;
}

/// At the end of an answer: the connection stays until the client closes it.
inline const std::string held = "<held>";

/// A server on its own thread that answers the first connection with the first of its
/// bytes, the next one with the next, later ones with the last, and closes each.
class peer {
public:
  /// Answers leave in pieces of at most `piece` bytes.
  explicit peer(std::vector<std::string> answers,
                std::size_t piece = std::numeric_limits<std::size_t>::max())
      : answers_(std::move(answers))
      , piece_(piece)
      , acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {
    boost::asio::co_spawn(io_, serve(), boost::asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~peer() {
    io_.stop();
    thread_.join();
  }

  endpoint at() const {
    return {endpoint::kind::tcp, "127.0.0.1", acceptor_.local_endpoint().port(), {}};
  }
  std::string host() const { return to_string(at()); }

  /// What came in so far, head and body of each request.
  std::vector<std::string> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }

private:
  boost::asio::awaitable<void> serve() {
    for (std::size_t n = 0;; ++n) {
      auto socket = co_await acceptor_.async_accept(boost::asio::use_awaitable);
      std::string in;
      auto head =
          co_await boost::asio::async_read_until(socket, boost::asio::dynamic_buffer(in),
                                                 "\r\n\r\n", boost::asio::use_awaitable);
      std::size_t length = 0;
      if (auto field = in.find("Content-Length: "); field < head)
        length = std::stoul(in.substr(field + 16));
      if (in.size() < head + length)
        co_await boost::asio::async_read(
            socket, boost::asio::dynamic_buffer(in),
            boost::asio::transfer_exactly(head + length - in.size()),
            boost::asio::use_awaitable);
      {
        std::lock_guard lock(mutex_);
        requests_.push_back(in);
      }
      std::string_view out = answers_[std::min(n, answers_.size() - 1)];
      bool hold = out.ends_with(held);
      if (hold)
        out.remove_suffix(held.size());
      socket.set_option(boost::asio::ip::tcp::no_delay(true));
      try {
        while (!out.empty()) {
          auto piece = out.substr(0, piece_);
          out.remove_prefix(piece.size());
          co_await boost::asio::async_write(socket, boost::asio::buffer(piece),
                                            boost::asio::use_awaitable);
        }
        if (hold)
          co_await boost::asio::async_read_until(socket, boost::asio::dynamic_buffer(in),
                                                 held, boost::asio::use_awaitable);
      } catch (const boost::system::system_error&) {
        // The client went away: the next one, please.
      }
    }
  }

  std::vector<std::string> answers_;
  std::size_t piece_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

} // namespace conductor::cli
