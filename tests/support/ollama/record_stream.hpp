#pragma once

#include "tests/support/ollama/dialect.hpp"
#include "tests/support/ollama/exchange.hpp"

#include <optional>

namespace conductor::test {

/// A streamed response: paces its records, sends the head with the first of them, and
/// plays the script's faults at their record.
class record_stream {
public:
  record_stream(exchange& x, dialect& spelling);

  /// Waits until the next record is due. False: the stream is over, because the client
  /// left or a scripted fault was played.
  boost::asio::awaitable<bool> ready();

  /// Sends one record, of one or more flushes. False as above.
  boost::asio::awaitable<bool> send(const frames& record, bool last = false);

  /// Ends the response properly.
  boost::asio::awaitable<void> end();

  std::size_t sent() const { return sent_; }

  /// When the record that is ready was due.
  connection::clock::time_point due() const { return due_; }

private:
  boost::asio::awaitable<bool> fail();
  boost::asio::awaitable<bool> misbehave();
  void begin(std::string& out);
  void frame(std::string& out, std::string_view bytes) const;

  exchange& x_;
  dialect& spelling_;
  std::size_t sent_ = 0;
  connection::clock::time_point due_;
  std::optional<counted> open_;
  std::string out_;
  bool ended_ = false;
};

} // namespace conductor::test
