#pragma once

#include "tests/support/ollama/exchange.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace conductor::test {

/// How a route spells its errors.
using error_speller = std::function<std::string(int status, std::string_view text)>;

/// One route of Ollama's API.
struct route_entry {
  std::string_view method;  ///< `GET` routes take HEAD too where Ollama's do
  std::string_view pattern; ///< `:name` captures one segment
  boost::asio::awaitable<void> (*answer)(exchange&);
  error_speller error;
  bool reads_body = true; ///< false: the handler reads it as it comes
  bool is_answer = false; ///< asks a model
};

/// Finds the route of a request and answers it; 404 and 405 have gin's texts.
boost::asio::awaitable<void> handle(exchange& x);

// Answers of models (routes_answers.cpp).
boost::asio::awaitable<void> answer_generate(exchange& x);
boost::asio::awaitable<void> answer_chat(exchange& x);
boost::asio::awaitable<void> answer_openai_chat(exchange& x);
boost::asio::awaitable<void> answer_openai_completions(exchange& x);
boost::asio::awaitable<void> answer_responses(exchange& x);
boost::asio::awaitable<void> answer_messages(exchange& x);
boost::asio::awaitable<void> answer_embed(exchange& x);
boost::asio::awaitable<void> answer_embeddings(exchange& x);
boost::asio::awaitable<void> answer_openai_embeddings(exchange& x);

// Models and blobs (routes_models.cpp).
boost::asio::awaitable<void> answer_tags(exchange& x);
boost::asio::awaitable<void> answer_ps(exchange& x);
boost::asio::awaitable<void> answer_show(exchange& x);
boost::asio::awaitable<void> answer_pull(exchange& x);
boost::asio::awaitable<void> answer_push(exchange& x);
boost::asio::awaitable<void> answer_create(exchange& x);
boost::asio::awaitable<void> answer_copy(exchange& x);
boost::asio::awaitable<void> answer_delete(exchange& x);
boost::asio::awaitable<void> answer_has_blob(exchange& x);
boost::asio::awaitable<void> answer_blob(exchange& x);
boost::asio::awaitable<void> answer_openai_models(exchange& x);
boost::asio::awaitable<void> answer_openai_model(exchange& x);

// What tests in other languages steer by (routes_control.cpp).
boost::asio::awaitable<void> answer_stats(exchange& x);
boost::asio::awaitable<void> answer_set_script(exchange& x);
boost::asio::awaitable<void> answer_reset(exchange& x);

} // namespace conductor::test
