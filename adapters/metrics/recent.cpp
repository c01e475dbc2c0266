#include "adapters/metrics/recent.hpp"

#include "messages/key_mark.hpp"
#include "messages/model_name.hpp"

#include <chrono>

namespace conductor {
namespace {

std::int64_t on_the_wall(request_clock::time_point t) {
  const auto ago = request_clock::now() - t;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now - ago).count();
}

bool fits(const ended_request& r, const requests_query& q) {
  return (q.id.empty() || r.id == q.id) && (q.key.empty() || r.key == q.key) &&
         (q.outcome.empty() || r.outcome == q.outcome) &&
         (q.model.empty() || canonical_model(r.model) == q.model);
}

} // namespace

void fill(ended_request& into, const request_summary& ended) {
  const auto& r = *ended.about;
  into.id = r.id;
  into.time = on_the_wall(r.received);
  into.kind = r.kind;
  into.speaks = r.speaks;
  into.method = r.method;
  into.path = without_secrets(r.target.substr(0, r.target.find_first_of("?#")));
  into.model = without_secrets(r.model);
  into.backend = ended.backend;
  into.session = r.session;
  into.flow = r.flow;
  into.key = owner_of(r.by);
  into.key_name = r.by ? r.by->key.name : std::string{};
  into.outcome = ended.outcome;
  into.detail = without_secrets(ended.detail);
  into.reason = ended.reason;
  into.priority = r.priority;
  into.streams = r.streams;
  into.status = ended.status;
  into.body_bytes = ended.body_bytes;
  into.used = ended.used;
  into.received = r.received;
  into.ended = r.received + ended.total;
  into.taken = ended.taken;
  into.course = ended.course;
  into.trace = r.trace;
}

void recent_requests::add(const request_summary& ended) {
  if (most_ == 0)
    return;
  if (kept_.size() < most_) {
    fill(kept_.emplace_back(), ended);
    return;
  }
  fill(kept_[oldest_], ended);
  oldest_ = (oldest_ + 1) % most_;
}

ended_requests recent_requests::find(const requests_query& q) const {
  ended_requests found;
  for (std::size_t n = 0; n < kept_.size() && found.size() < q.limit; ++n) {
    const auto& r = kept_[(oldest_ + kept_.size() - 1 - n) % kept_.size()];
    if (fits(r, q))
      found.push_back(r);
  }
  return found;
}

} // namespace conductor
