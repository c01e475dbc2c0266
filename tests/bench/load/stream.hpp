#pragma once

#include "tests/bench/load/answer_check.hpp"
#include "tests/bench/load/answer_reader.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace conductor::bench {

/// CLOCK_MONOTONIC in nanoseconds, as the scripted Ollama's records tell it.
std::int64_t monotonic_ns();

class stream;

/// Who is told what happens on a stream. Handlers may throw load_error, which ends the
/// run.
class audience {
public:
  virtual ~audience() = default;
  virtual void connected(stream&) = 0;
  /// A record sent at `sent` is here; `asked` is when its request was written.
  virtual void record(stream&, bool first, std::int64_t asked, std::int64_t sent,
                      std::int64_t arrived) = 0;
  /// The answer is whole and right; the stream may be asked again.
  virtual void answered(stream&, std::int64_t asked, std::int64_t arrived) = 0;
};

/// One connection that asks one request at a time, and checks every answer. Used on the
/// loop's thread; what goes wrong is thrown out of the loop as load_error.
class stream {
public:
  stream(boost::asio::io_context& io, audience& a, unsigned number);

  unsigned number() const { return number_; }

  void connect(const boost::asio::ip::tcp::endpoint& to);

  /// Writes `request`, which is to be answered with `records` records. The text must live
  /// until the answer.
  void ask(const std::string& request, unsigned records);

  /// Ends the connection; nothing is told any more.
  void close();

private:
  void read();
  void take(std::string_view input, std::int64_t arrived);
  [[noreturn]] void fail(const std::string& what) const;

  boost::asio::ip::tcp::socket socket_;
  audience& audience_;
  unsigned number_;
  bool busy_ = false;
  bool closed_ = false;
  bool first_ = false;
  std::int64_t asked_ = 0;
  answer_reader reader_;
  answer_check check_;
  std::unique_ptr<std::array<char, 16'384>> buffer_;
};

} // namespace conductor::bench
