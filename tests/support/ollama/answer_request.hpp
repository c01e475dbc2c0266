#pragma once

#include "tests/support/ollama/exchange.hpp"

#include <optional>
#include <string>

namespace conductor::test {

/// What a request to a model asked for, whatever its dialect.
struct answer_request {
  model_ptr model;
  std::string name;     ///< as the client spelled it
  std::string prompt;   ///< the last thing that was said
  std::string begun;    ///< by the assistant after it: the answer goes on from there
  std::size_t said = 0; ///< characters of all that was said
  bool stream = true;
  bool think = false;
  int limit = 0;          ///< content records; 0: none
  std::string first_tool; ///< of those that the client offers
  bool with_context = false;
  std::string options; ///< runner options, as text
  int context_length = 4096;
  std::optional<runners::seconds> keep_alive;
  bool relax_thinking = false;
};

/// What every dialect says in the same way. Throws a refusal.
answer_request read_request(exchange& x, bool streams_by_default);

/// The `messages` of a body.
void read_messages(answer_request& r, const nlohmann::json& in);

/// Whether to think; a model that cannot refuses.
void read_think(exchange& x, answer_request& r);

/// The prompt is asked for and no answer, as `/api/chat` may be.
bool renders_only(const exchange& x);

/// A message's content: a text, or the texts among its parts.
std::string content_text(const nlohmann::json& content);

} // namespace conductor::test
