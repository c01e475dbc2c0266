#pragma once

#include "adapters/responses/response_json.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace conductor::responses {

/// Writes an answer as OpenAI's Responses events, while it comes: server-sent events with
/// `sequence_number` from 0. Thoughts, text and calls become items of the output in the
/// order in which they come.
class response_stream {
public:
  response_stream(std::string session, std::uint64_t message)
      : session_(std::move(session)), message_(message) {}

  std::string begin(const json& response);
  std::string think(const std::string& more);
  std::string say(const std::string& more);
  /// `tool_calls` is an array as Ollama writes it.
  std::string call(const std::string& tool_calls);
  /// The last event, by the response's status.
  std::string end(json response);

private:
  enum class kind { reasoning, message };
  struct item {
    kind is;
    std::string id;
    std::string text;
  };

  std::string event(const char* type, json data);
  std::string add(const item& i);
  std::string open(kind wanted);
  std::string close(const char* status = "completed");

  std::string session_;
  std::uint64_t message_;
  std::uint64_t events_ = 0;
  std::size_t calls_ = 0;
  std::optional<item> open_; ///< the last item; not yet in `output_`
  json output_ = json::array();
};

} // namespace conductor::responses
