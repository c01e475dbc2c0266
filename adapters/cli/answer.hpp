#pragma once

#include "adapters/cli/terminal.hpp"
#include "adapters/cli/word_wrap.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace conductor::cli {

/// How the answer to a prompt is shown.
struct answer_style {
  surface out;
  bool wrap = true; ///< only on a terminal
  bool hide_thinking = false;
};

/// Turns the records of `/api/generate` into what is shown, as `ollama run` does:
/// thinking between `Thinking...` and `...done thinking.`, then the answer.
class answer {
public:
  explicit answer(answer_style style) : style_(style) {}

  /// What to write for the next record, on a terminal of `columns`.
  std::string push(const nlohmann::json& record, unsigned columns);

  /// What leaves the terminal in order when the answer is over or broken off.
  std::string close() const;

private:
  std::string body(const std::string& text, unsigned columns);

  answer_style style_;
  word_wrap wrap_;
  bool thinking_ = false;   // opened and not closed
  bool line_ended_ = false; // the last thing thought was a line feed
};

/// The statistics of a final record, as `ollama run --verbose` prints them.
std::string statistics(const nlohmann::json& last);

} // namespace conductor::cli
