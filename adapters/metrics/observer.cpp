#include "adapters/metrics/observer.hpp"

#include "messages/key_mark.hpp"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

namespace conductor {
namespace {

using self_ptr = observer_actor::stateful_pointer<observer_state>;

double milli(std::chrono::nanoseconds d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

void log_request(const request_summary& s) {
  const auto& r = *s.about;
  spdlog::info("request {} {} {} model={} backend={} status={} outcome={} bytes={} "
               "first_ms={:.1f} total_ms={:.1f} tokens={}/{} peer={}{}{}{}{}",
               r.id, r.method, without_secrets(r.target),
               r.model.empty() ? "-" : without_secrets(r.model),
               s.backend.empty() ? "-" : s.backend, s.status, s.outcome, s.body_bytes,
               milli(s.first), milli(s.total), s.used.prompt_tokens, s.used.answer_tokens,
               r.peer, r.trace ? " trace=" : "", r.trace ? trace_id(*r.trace) : "",
               s.detail.empty() ? "" : " error=", without_secrets(s.detail));
}

void log_backend(const backend_status& b) {
  if (b.state == backend_state::up)
    spdlog::info("backend {} answers at {}: Ollama {}", b.name, b.url, b.version);
  else
    spdlog::warn("backend {} is down: {}", b.name, b.error);
}

/// Time of the GPU: what Ollama tells, else from the place to the last record.
std::chrono::nanoseconds gpu_time(const request_summary& s) {
  if (const auto told = s.used.prompt_ns + s.used.answer_ns; told > 0)
    return std::chrono::nanoseconds(told);
  const auto& last = s.course.now;
  return last.leased == attempt::time_point{} || last.last < last.leased
             ? std::chrono::nanoseconds(0)
             : last.last - last.leased;
}

/// What an answer took is its key's to pay.
void charge(self_ptr self, const request_summary& s) {
  const auto& by = s.about->by;
  if (by && s.about->kind == request_kind::inference)
    by->meter->charge(self->clock().now().time_since_epoch(), by->key.limits,
                      s.used.prompt_tokens + s.used.answer_tokens, gpu_time(s));
}

/// Several are told at once: one that ends wakes no other lane.
constexpr std::size_t told_at_once = 64;
constexpr auto told_after = std::chrono::milliseconds(200);

void tell_traced(self_ptr self) {
  auto& st = self->state;
  if (!st.traced.empty())
    self->send(st.how.exporter(), traced_requests{std::exchange(st.traced, {})});
}

void note_traced(self_ptr self, const request_summary& s) {
  auto& st = self->state;
  if (st.traced.empty())
    self->delayed_send(self, told_after, tick{});
  fill(st.traced.emplace_back(), s);
  if (st.traced.size() >= told_at_once)
    tell_traced(self);
}

} // namespace

observer_actor::behavior_type observer(self_ptr self, std::shared_ptr<tally> counts,
                                       observer_settings how) {
  self->state.counts = std::move(counts);
  self->state.recent = recent_requests{how.keep};
  self->state.how = std::move(how);
  return {
      [self](const request_summary& s) {
        auto& st = self->state;
        st.counts->count(s);
        charge(self, s);
        if (st.how.log_requests)
          log_request(s);
        if (s.about->kind != request_kind::local)
          st.recent.add(s);
        if (st.how.exporter && is_traced(*s.about))
          note_traced(self, s);
      },
      [](const backend_status& b) { log_backend(b); },
      [self](const requests_query& q) { return self->state.recent.find(q); },
      [self](drain) {
        tell_traced(self);
        return drained{};
      },
      [self](tick) { tell_traced(self); },
  };
}

} // namespace conductor
