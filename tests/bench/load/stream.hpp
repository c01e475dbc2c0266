#pragma once

#include "adapters/tls/peer_socket.hpp"
#include "tests/bench/load/answer_reader.hpp"
#include "tests/bench/load/line_check.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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
  /// The first line of an answer is here; `asked` is when its request was written.
  virtual void begun(stream&, std::int64_t /*asked*/, std::int64_t /*arrived*/) {}
  /// A record sent, or due, at `sent` is here.
  virtual void record(stream&, bool first, std::int64_t asked, std::int64_t sent,
                      std::int64_t arrived) = 0;
  /// The answer is whole and right; the stream may be asked again.
  virtual void answered(stream&, std::int64_t asked, std::int64_t arrived) = 0;
};

/// One connection that asks one question at a time, and checks every answer. Used on the
/// loop's thread; what goes wrong is thrown out of the loop as load_error.
class stream {
public:
  /// `tls` is null where none is spoken.
  stream(boost::asio::io_context& io, audience& a, unsigned number,
         std::unique_ptr<line_check> check, tls_context tls = nullptr);

  unsigned number() const { return number_; }

  void connect(const boost::asio::ip::tcp::endpoint& to);

  /// Writes the question, which must live until the answer.
  void ask(const question& q);

  /// Ends the connection; nothing is told any more.
  void close();

private:
  void opened();
  void read();
  void take(std::string_view input, std::int64_t arrived);
  [[noreturn]] void fail(const std::string& what) const;

  peer_socket socket_;
  tls_context tls_;
  audience& audience_;
  unsigned number_;
  bool busy_ = false;
  bool closed_ = false;
  bool begun_ = false;
  bool first_ = false;
  std::int64_t asked_ = 0;
  answer_reader reader_;
  std::unique_ptr<line_check> check_;
  std::vector<std::int64_t> times_; ///< of the records in a line
  std::unique_ptr<std::array<char, 16'384>> buffer_;
};

} // namespace conductor::bench
