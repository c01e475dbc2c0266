#pragma once

#include "tests/support/ollama/answer_request.hpp"
#include "tests/support/ollama/dialect.hpp"

#include <string>

namespace conductor::test {

/// Waits for the model and its place as Ollama does, then says what the script wants.
boost::asio::awaitable<void> give_answer(exchange& x, const answer_request& r,
                                         dialect& spelling);

/// Loads the model, or unloads it when keep_alive is zero; answers as generate or chat.
boost::asio::awaitable<void> load_only(exchange& x, const answer_request& r,
                                       dialect& spelling);

/// Answers with the rendered prompt of a chat, once its model is loaded.
boost::asio::awaitable<void> render_only(exchange& x, const answer_request& r,
                                         dialect& spelling);

/// Ollama's text when its load queue is full.
inline constexpr std::string_view busy_text =
    "server busy, please try again.  maximum pending requests exceeded";

/// A place at a model; given back at its end.
class place {
public:
  /// `answers`: false, where the model is to be loaded and nothing more.
  place(exchange& x, const answer_request& r, bool answers = true);
  ~place();
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  /// Waits for load and place. False: refused and answered, or the client is gone.
  boost::asio::awaitable<bool> taken(dialect& spelling);

  std::int64_t load_ns() const { return load_ns_; }

  /// The model's prompt cache, when the place is taken.
  std::shared_ptr<prompt_slots> slots() const { return ticket_->slots; }

private:
  exchange& x_;
  runners::ticket_ptr ticket_;
  std::int64_t load_ns_ = 0;
};

} // namespace conductor::test
