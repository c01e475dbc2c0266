#include "adapters/ollama/answer_end.hpp"

#include "adapters/ollama/find_last.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace conductor {
namespace {

constexpr std::size_t longest_tail = 4096;

/// What stands behind the last such key, which is given with its quotes. A key inside of
/// a text has them escaped, and is none.
std::string_view behind(std::string_view text, std::string_view key) {
  const auto at = find_last(text, key);
  if (at == std::string_view::npos)
    return {};
  text.remove_prefix(at + key.size());
  while (text.starts_with(' ') || text.starts_with(':'))
    text.remove_prefix(1);
  return text;
}

} // namespace

void answer_end::add_record(std::string_view record) {
  std::swap(before_[1], before_[0]);
  std::swap(before_[0], last_);
  last_ = record;
}

void answer_end::add_part(std::string_view part) {
  if (part.size() >= longest_tail) {
    tail_ = part.substr(part.size() - longest_tail);
    return;
  }
  if (tail_.size() + part.size() > longest_tail)
    tail_.erase(0, tail_.size() + part.size() - longest_tail);
  tail_.append(part);
}

/// In the latest record that has it, or in the body.
std::string_view answer_end::where_told(std::string_view key) const {
  for (const auto* text : {&last_, &before_[0], &before_[1], &tail_})
    if (const auto value = behind(*text, key); !value.empty())
      return value;
  return {};
}

std::uint64_t answer_end::number(std::string_view key) const {
  const auto digits = where_told(key);
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

usage answer_end::counters() const {
  usage u;
  switch (speaks_) {
  case dialect::openai:
    u.prompt_tokens = number(R"("prompt_tokens")");
    u.answer_tokens = number(R"("completion_tokens")");
    break;
  case dialect::responses:
  case dialect::anthropic:
    u.prompt_tokens = number(R"("input_tokens")");
    u.answer_tokens = number(R"("output_tokens")");
    break;
  case dialect::ollama:
  case dialect::native:
    u.prompt_tokens = number(R"("prompt_eval_count")");
    u.answer_tokens = number(R"("eval_count")");
    u.load_ns = number(R"("load_duration")");
    u.prompt_ns = number(R"("prompt_eval_duration")");
    u.answer_ns = number(R"("eval_duration")");
    u.total_ns = number(R"("total_duration")");
    break;
  }
  return u;
}

std::string answer_end::reason() const {
  const auto* key = speaks_ == dialect::openai      ? R"("finish_reason")"
                    : speaks_ == dialect::anthropic ? R"("stop_reason")"
                                                    : R"("done_reason")";
  const auto value = where_told(key);
  if (!value.starts_with('"'))
    return {};
  const auto word = value.substr(1, value.find('"', 1) - 1);
  const bool is_word = std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_';
  });
  return is_word && value.size() > word.size() + 1 ? std::string{word} : std::string{};
}

} // namespace conductor
