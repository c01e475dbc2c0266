#include "adapters/metrics/observer.hpp"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

namespace conductor {
namespace {

double milli(std::chrono::nanoseconds d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

void log_request(const request_summary& s) {
  const auto& r = *s.about;
  spdlog::info("request {} {} {} model={} backend={} status={} outcome={} bytes={} "
               "first_ms={:.1f} total_ms={:.1f} tokens={}/{} peer={}{}{}",
               r.id, r.method, r.target, r.model.empty() ? "-" : r.model,
               s.backend.empty() ? "-" : s.backend, s.status, s.outcome, s.body_bytes,
               milli(s.first), milli(s.total), s.used.prompt_tokens, s.used.answer_tokens,
               r.peer, s.detail.empty() ? "" : " error=", s.detail);
}

void log_backend(const backend_status& b) {
  if (b.state == backend_state::up)
    spdlog::info("backend {} answers at {}: Ollama {}", b.name, b.url, b.version);
  else
    spdlog::warn("backend {} is down: {}", b.name, b.error);
}

} // namespace

observer_actor::behavior_type
observer(observer_actor::stateful_pointer<observer_state> self,
         std::shared_ptr<series> counts, bool log_requests) {
  self->state.counts = std::move(counts);
  self->state.log_requests = log_requests;
  return {
      [self](const request_summary& s) {
        self->state.counts->count(s, self->state.known);
        if (self->state.log_requests)
          log_request(s);
      },
      [self](const backend_status& b) {
        self->state.counts->show(b);
        log_backend(b);
      },
  };
}

} // namespace conductor
