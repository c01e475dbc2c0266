#include "tests/support/ollama/evaluation.hpp"

#include "tests/support/ollama/template.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace conductor::test {

namespace {

std::string rendered(const exchange& x, const answer_request& r) {
  return x.json.contains("messages")
             ? rendered_chat(x.json["messages"], closes_messages(r.model->name))
             : r.prompt;
}

} // namespace

evaluation::evaluation(exchange& x, const answer_request& r,
                       std::shared_ptr<prompt_slots> slots)
    : slots_(std::move(slots)) {
  const auto& o = x.at.options;
  if (x.how.gap.count() == 0)
    x.how.gap = o.decode_per_token;
  if (o.prefill_per_token.count() == 0)
    return;
  prompt_ = tokens_of(rendered(x, r));
  at_ = slots_->take(prompt_);
  const auto cached = at_ ? at_->cached : 0;
  x.how.first += o.prefill_per_token * static_cast<std::int64_t>(prompt_.size() - cached);
  x.at.seen.update([&](counts& c) {
    c.prompt_tokens += prompt_.size();
    c.prompt_tokens_cached += cached;
  });
}

void evaluation::said(std::string_view text) {
  evaluated_ = true;
  if (at_)
    answer_ += text;
}

evaluation::~evaluation() {
  if (!at_)
    return;
  // A prompt that was given up is in the slot as far as it was there before.
  if (!evaluated_)
    prompt_.resize(at_->cached);
  auto answer = tokens_of(answer_);
  prompt_.insert(prompt_.end(), std::make_move_iterator(answer.begin()),
                 std::make_move_iterator(answer.end()));
  slots_->give_back(at_->slot, std::move(prompt_));
}

} // namespace conductor::test
