#include "actors/event_log.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace conductor {
namespace {

constexpr std::uint64_t numbers_at_once = 4096;
constexpr std::size_t most_kept = 4096; // events

bool same_text(const session_event& a, const session_event& b) {
  return a.type == b.type && a.message == b.message &&
         (a.type == event_type::delta || a.type == event_type::thinking);
}

} // namespace

void event_log::append(session_event e) {
  if (!waiting_.empty() && same_text(waiting_.back(), e))
    waiting_.back().text += e.text;
  else
    waiting_.push_back(std::move(e));
  number();
}

void event_log::reserved(std::uint64_t last) {
  durable_ = std::max(durable_, last);
  number();
}

void event_log::number() {
  while (!waiting_.empty() && next_ <= durable_) {
    auto e = std::make_shared<session_event>(std::move(waiting_.front()));
    waiting_.pop_front();
    e->seq = next_++;
    kept_.push_back(std::move(e));
    if (kept_.size() > most_kept)
      kept_.pop_front();
  }
}

event_ptr event_log::at(std::uint64_t number) const {
  if (kept_.empty() || number < kept_.front()->seq || number >= next_)
    return nullptr;
  return kept_[number - kept_.front()->seq];
}

std::uint64_t event_log::wanted(std::uint64_t last) const noexcept {
  return upcoming() + numbers_at_once / 4 > last ? last + numbers_at_once : last;
}

} // namespace conductor
