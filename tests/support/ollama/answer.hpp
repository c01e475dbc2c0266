#pragma once

#include "tests/support/ollama/dialect.hpp"
#include "tests/support/ollama/exchange.hpp"

#include <optional>
#include <string>

namespace conductor::test {

/// What a request to a model asked for, whatever its dialect.
struct answer_request {
  model_ptr model;
  std::string name;     ///< as the client spelled it
  std::string prompt;   ///< the last thing that was said
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

/// Waits for the model and its place as Ollama does, then says what the script wants.
boost::asio::awaitable<void> give_answer(exchange& x, const answer_request& r,
                                         dialect& spelling);

/// Loads the model, or unloads it when keep_alive is zero; answers as generate or chat.
boost::asio::awaitable<void> load_only(exchange& x, const answer_request& r,
                                       dialect& spelling);

/// Ollama's text when its load queue is full.
inline constexpr std::string_view busy_text =
    "server busy, please try again.  maximum pending requests exceeded";

/// A place at a model; given back at its end.
class place {
public:
  place(exchange& x, const answer_request& r);
  ~place();
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  /// Waits for load and place. False: refused and answered, or the client is gone.
  boost::asio::awaitable<bool> taken(dialect& spelling);

  std::int64_t load_ns() const { return load_ns_; }

private:
  exchange& x_;
  runners::ticket_ptr ticket_;
  std::int64_t load_ns_ = 0;
};

} // namespace conductor::test
