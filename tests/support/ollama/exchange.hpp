#pragma once

#include "tests/support/ollama/body_reader.hpp"
#include "tests/support/ollama/connection.hpp"
#include "tests/support/ollama/http_request.hpp"
#include "tests/support/ollama/world.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace conductor::test {

/// A whole response that is not streamed.
struct reply {
  // No aggregate: GCC 12 copies those bit by bit into a coroutine's frame.
  explicit(false)
      reply(int s = 200, std::string b = {},
            std::string t = "application/json; charset=utf-8", std::string m = {})
      : status(s), body(std::move(b)), type(std::move(t)), more(std::move(m)) {}

  int status;
  std::string body;
  std::string type;
  std::string more; ///< further header lines
};

/// Thrown by handlers: answered in the route's dialect.
struct refusal : std::runtime_error {
  refusal(int s, const std::string& text) : std::runtime_error(text), status(s) {}
  int status;
};

/// One request and what is needed to answer it.
struct exchange {
  exchange(world& w, connection& c) : at(w), client(c) {}

  world& at;
  connection& client;
  http_request head;
  std::string route;                                        ///< the pattern
  std::map<std::string, std::string, std::less<>> captured; ///< `:digest`, `:model`
  std::string body;
  nlohmann::json json; ///< of the body; discarded when it is none, null when empty
  script how;
  connection::clock::time_point began = connection::clock::now();
  bool keep_alive = true;
  bool complete = false; ///< answered to the end, as scripted

  connection::pieces pieces() const { return {how.split, how.split_gap}; }

  /// Sends a response with its length, chunked from 2 KiB on, as Go does; HEAD gets no
  /// body.
  boost::asio::awaitable<bool> send(reply r);

  /// Plays what the script has for a request that is not streamed: a delay, a status, a
  /// death. False: that was the answer.
  boost::asio::awaitable<bool>
  play_plain_faults(const std::function<std::string(int, std::string_view)>& error_body);

  /// Waits until the client gives up.
  boost::asio::awaitable<void> hang();

  /// Closes in the middle, as scripted.
  void die();

  /// A response's status line and the headers of every response.
  std::string response_head(int status, std::string_view type) const;
};

/// `Not Found` and so on.
std::string_view reason_phrase(int status);

/// A member of the body: empty, zero or false when absent or null. A wrong type is
/// refused with Go's text.
std::string text_member(const nlohmann::json& in, const char* name);
bool flag_member(const nlohmann::json& in, const char* name, bool otherwise);
int int_member(const nlohmann::json& in, const char* name, int otherwise);

/// `model`, or the older `name`.
std::string model_member(const nlohmann::json& in);

} // namespace conductor::test
