#pragma once

#include "tests/support/ollama/answer_request.hpp"
#include "tests/support/ollama/prompt_slots.hpp"

#include <memory>
#include <optional>

namespace conductor::test {

/// The time that one answer's prompt and words take, where the options give the rates:
/// the prompt's part that its slot does not hold delays the first record. Owns the slot
/// while the answer lasts.
class evaluation {
public:
  /// Takes a slot, and paces the script. Without rates nothing changes.
  evaluation(exchange& x, const answer_request& r, std::shared_ptr<prompt_slots> slots);
  ~evaluation();
  evaluation(const evaluation&) = delete;
  evaluation& operator=(const evaluation&) = delete;

  /// That was generated: the slot will hold it.
  void said(std::string_view text);

  /// Tokens of the whole prompt; 0: nobody counted.
  int prompt_tokens() const { return static_cast<int>(prompt_.size()); }

private:
  std::shared_ptr<prompt_slots> slots_;
  prompt_slots::tokens prompt_;
  std::optional<prompt_slots::found> at_;
  std::string answer_;
  bool evaluated_ = false;
};

} // namespace conductor::test
