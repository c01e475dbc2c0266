#pragma once

#include "config/endpoint.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace conductor::cli {

/// One HTTP request. A body that is not empty is JSON.
struct request {
  std::string method;
  std::string target;
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {}; ///< besides the usual
};

/// What came back. `body` is empty after a stream.
struct reply {
  unsigned status = 0;
  std::string address; ///< of the candidate that was reached
  std::string backend; ///< X-Conductor-Backend: who answered
  std::string date;    ///< Date: the server's clock, where it tells
  std::string body;
};

/// What the reader of a stream hears; each may be empty.
struct stream_reader {
  std::function<void(std::string_view)> on_line;  ///< one record, without its line feed
  std::function<void()> on_tick;                  ///< every 100 ms while waiting
  std::function<void(std::string_view)> on_bytes; ///< what came, instead of lines
};

/// A small HTTP/1.1 client over TCP or a Unix socket. One connection for each request;
/// only connecting has a deadline, because an answer may take as long as it likes. Not
/// for use from several threads.
class client {
public:
  /// Connects to the first of `candidates` that accepts; `who` names it in errors, as in
  /// "Conductor node", and `hint` says what to do when none does. Clients may share a
  /// loop.
  client(std::vector<endpoint> candidates, std::string who, std::string hint,
         std::shared_ptr<boost::asio::io_context> loop = nullptr);
  ~client();

  /// From now on requests show this key; empty: none.
  void show_key(std::string key);
  client(client&&) noexcept;

  /// Sends a request and returns the whole answer. Throws refusal for a status of 400 or
  /// more, disconnection when nobody answers or the connection breaks.
  reply fetch(const request& what);

  /// Sends a request and hands over the lines of the answer as they arrive. Throws as
  /// fetch does, and whatever the reader throws, which closes the connection.
  reply stream(const request& what, const stream_reader& reader);

  /// From within a handler: the fetch, stream or idle under way throws interruption.
  void interrupt();

  /// Sends a request while somebody else runs the loop; `then` hears the whole answer, or
  /// what fetch would have thrown. The client must be there until then.
  void start(request what, std::function<void(std::exception_ptr, reply)> then);

  /// Does nothing for `span` but call `on_tick` every 100 ms; what that throws ends it.
  void idle(std::chrono::milliseconds span, const std::function<void()>& on_tick);

  /// Where the node may be.
  const std::vector<endpoint>& candidates() const;

  /// The loop that runs while a request is under way, for those who watch meanwhile.
  std::shared_ptr<boost::asio::io_context> loop() const;

private:
  friend class background_request;
  struct state;
  std::unique_ptr<state> state_;
};

/// The text of an error body: Ollama's `{"error": text}`, OpenAI's error object, a
/// problem document, plain text, or `HTTP 502` if it says nothing.
std::string error_text(unsigned status, std::string_view body);

} // namespace conductor::cli
