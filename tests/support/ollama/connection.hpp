#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace conductor::test {

/// One client's socket. While it waits it goes on reading, so that it knows at once that
/// the client is gone, as Go's server does. Used on its own thread only, but for `poke`.
class connection : public std::enable_shared_from_this<connection> {
public:
  using socket = boost::asio::ip::tcp::socket;
  using clock = std::chrono::steady_clock;

  /// How bytes leave: whole, or in pieces of `bytes` with a pause between.
  struct pieces {
    std::size_t bytes;
    std::chrono::microseconds gap;
  };

  connection(socket s, std::uint64_t number);

  std::uint64_t number() const { return number_; }

  /// What was read and is not used yet.
  std::string& input() { return input_; }

  /// The client closed, half or fully, or a write failed.
  bool gone() const { return gone_; }

  /// Reads on; false: nothing more will come.
  boost::asio::awaitable<bool> fill();

  /// Sends all; false: the client is gone.
  boost::asio::awaitable<bool> write(std::string_view bytes, pieces how = pieces{0, {}});

  /// Waits until then; false: the client is gone.
  boost::asio::awaitable<bool> sleep_until(clock::time_point then);

  /// Waits for a `poke`, for input, or for the client to be gone.
  boost::asio::awaitable<void> wait_for_poke();

  /// Lets others have the thread.
  boost::asio::awaitable<void> yield();

  /// Wakes `wait_for_poke`. From any thread.
  void poke();

  /// Closes for writing and for good: with FIN, or with RST.
  void close(bool reset);

private:
  void watch();
  boost::asio::awaitable<void> pause(clock::time_point until);
  boost::asio::awaitable<bool> write_all(std::string_view bytes);

  socket socket_;
  boost::asio::steady_timer wake_;
  std::uint64_t number_;
  std::string input_;
  std::array<char, 16 * 1024> scratch_;
  bool reading_ = false;
  bool poked_ = false;
  bool gone_ = false;
};

} // namespace conductor::test
