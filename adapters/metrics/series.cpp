#include "adapters/metrics/series.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>

namespace conductor {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using buckets = prometheus::Histogram::BucketBoundaries;

// OpenTelemetry's buckets for GenAI servers, extended upwards: a local model may load for
// minutes before its first token.
const buckets first_buckets{.001, .005, .01, .02, .04, .06, .08, .1, .25, .5,
                            .75,  1,    2.5, 5,   7.5, 10,  30,  60, 120, 300};
const buckets duration_buckets{.01,   .02,   .04,    .08,    .16,   .32,
                               .64,   1.28,  2.56,   5.12,   10.24, 20.48,
                               40.96, 81.92, 163.84, 327.68, 655.36};

const char* kind_of(request_kind kind) {
  switch (kind) {
  case request_kind::local:
    return "local";
  case request_kind::follow:
    return "session";
  case request_kind::list:
  case request_kind::relay:
    return "relay";
  case request_kind::inference:
    return "inference";
  }
  return "other";
}

/// A counter whose value is kept elsewhere.
void raise_to(prometheus::Counter& counter, double value) {
  counter.Increment(std::max(value - counter.Value(), 0.0));
}

double seconds(std::chrono::nanoseconds d) {
  return std::chrono::duration<double>(d).count();
}

} // namespace

series::series()
    : registry_(std::make_shared<prometheus::Registry>())
    , requests_(BuildCounter()
                    .Name("conductor_requests_total")
                    .Help("Requests that ended, by kind, status class and outcome.")
                    .Register(*registry_))
    , body_bytes_(BuildCounter()
                      .Name("conductor_answer_bytes_total")
                      .Help("Bytes of answer bodies passed on to clients.")
                      .Register(*registry_)
                      .Add({}))
    , tokens_in_(BuildCounter()
                     .Name("conductor_tokens_total")
                     .Help("Tokens as Ollama counts them, by type.")
                     .Register(*registry_)
                     .Add({{"type", "input"}}))
    , tokens_out_(BuildCounter()
                      .Name("conductor_tokens_total")
                      .Help("Tokens as Ollama counts them, by type.")
                      .Register(*registry_)
                      .Add({{"type", "output"}}))
    , first_(BuildHistogram()
                 .Name("gen_ai_server_time_to_first_token_seconds")
                 .Help("From the whole request read to the first record, inference only.")
                 .Register(*registry_))
    , duration_(
          BuildHistogram()
              .Name("gen_ai_server_request_duration_seconds")
              .Help("From the whole request read to the answer's end, inference only.")
              .Register(*registry_))
    , backend_up_(BuildGauge()
                      .Name("conductor_backend_up")
                      .Help("1 while the backend answers probes.")
                      .Register(*registry_))
    , in_flight_(BuildGauge()
                     .Name("conductor_leases")
                     .Help("Leases in use, by backend; those that take a place and those "
                           "that do not.")
                     .Register(*registry_))
    , waiting_(BuildGauge()
                   .Name("conductor_queue_waiting")
                   .Help("Requests that wait for a place.")
                   .Register(*registry_)
                   .Add({}))
    , moved_on_(BuildCounter()
                    .Name("conductor_moved_on_total")
                    .Help("Requests that a backend refused before its first record, and "
                          "that another was asked for.")
                    .Register(*registry_)
                    .Add({}))
    , retries_refused_(
          BuildCounter()
              .Name("conductor_retries_refused_total")
              .Help("Requests not asked again elsewhere for upstream.retries_per_second.")
              .Register(*registry_)
              .Add({}))
    , tripped_(BuildGauge()
                   .Name("conductor_backend_tripped")
                   .Help("1 while a backend is left alone because answers failed there.")
                   .Register(*registry_))
    , zombies_(BuildGauge()
                   .Name("conductor_zombie_places")
                   .Help("Places of answers given up that Ollama may still be at.")
                   .Register(*registry_))
    , zombie_seconds_(BuildCounter()
                          .Name("conductor_zombie_seconds_total")
                          .Help("Time that such places were held.")
                          .Register(*registry_))
    , loads_(BuildCounter()
                 .Name("conductor_loads_total")
                 .Help("Models that the node brought into a backend's memory.")
                 .Register(*registry_))
    , load_seconds_(BuildCounter()
                        .Name("conductor_load_seconds_total")
                        .Help("Time that these loads took.")
                        .Register(*registry_))
    , connections_(BuildGauge()
                       .Name("conductor_connections")
                       .Help("Open client connections.")
                       .Register(*registry_)
                       .Add({}))
    , longest_turn_(BuildGauge()
                        .Name("conductor_longest_turn_seconds")
                        .Help("The longest handler or lane turn since the start.")
                        .Register(*registry_)
                        .Add({}))
    , uptime_(BuildGauge()
                  .Name("conductor_uptime_seconds")
                  .Help("Time since the node started.")
                  .Register(*registry_)
                  .Add({}))
    , stalls_(
          BuildGauge()
              .Name("conductor_stalls")
              .Help("Handlers and lane turns longer than runtime.stall since the start.")
              .Register(*registry_)
              .Add({}))
    , sessions_live_(BuildGauge()
                         .Name("conductor_sessions_live")
                         .Help("Conversations in memory.")
                         .Register(*registry_)
                         .Add({}))
    , store_up_(BuildGauge()
                    .Name("conductor_store_up")
                    .Help("1 while the store of conversations takes what is written.")
                    .Register(*registry_)
                    .Add({}))
    , store_writes_(BuildGauge()
                        .Name("conductor_store_writes")
                        .Help("Writes that the store answered since the start.")
                        .Register(*registry_)
                        .Add({}))
    , store_failures_(BuildGauge()
                          .Name("conductor_store_failures")
                          .Help("Batches of writes that failed since the start.")
                          .Register(*registry_)
                          .Add({}))
    , store_waiting_(BuildGauge()
                         .Name("conductor_store_waiting")
                         .Help("Writes that wait for the disk.")
                         .Register(*registry_)
                         .Add({}))
    , spans_(BuildCounter()
                 .Name("conductor_spans_total")
                 .Help("Spans that the collector took, and those that were dropped.")
                 .Register(*registry_)) {}

prometheus::Counter& series::requests(const request_summary& ended, known& by) {
  const auto kind = ended.about->kind;
  const auto status = ended.status / 100;
  for (const auto& o : by.outcomes)
    if (o.kind == kind && o.status_class == status && o.outcome == ended.outcome)
      return *o.requests;
  auto& counter =
      requests_.Add({{"kind", kind_of(kind)},
                     {"status", status == 0 ? "none" : std::to_string(status) + "xx"},
                     {"outcome", ended.outcome}});
  by.outcomes.push_back({kind, status, ended.outcome, &counter});
  return counter;
}

const series::known::backend_series& series::backend(const std::string& name, known& by) {
  for (const auto& b : by.backends)
    if (b.backend == name)
      return b;
  return by.backends.emplace_back(
      known::backend_series{name, &first_.Add({{"backend", name}}, first_buckets),
                            &duration_.Add({{"backend", name}}, duration_buckets)});
}

void series::count(const request_summary& ended, known& by) {
  requests(ended, by).Increment();
  body_bytes_.Increment(static_cast<double>(ended.body_bytes));
  if (ended.about->kind != request_kind::inference)
    return;
  tokens_in_.Increment(static_cast<double>(ended.used.prompt_tokens));
  tokens_out_.Increment(static_cast<double>(ended.used.answer_tokens));
  const auto& times = backend(ended.backend, by);
  if (ended.first.count() > 0)
    times.first->Observe(seconds(ended.first));
  times.duration->Observe(seconds(ended.total));
}

void series::show(const backend_status& backend) {
  backend_up_.Add({{"backend", backend.name}}).Set(backend.state == backend_state::up);
}

std::string series::text(const snapshot& now) {
  waiting_.Set(static_cast<double>(now.fleet.waiting));
  raise_to(moved_on_, static_cast<double>(now.fleet.moved_on));
  raise_to(retries_refused_, static_cast<double>(now.fleet.retries_refused));
  connections_.Set(static_cast<double>(now.connections));
  longest_turn_.Set(now.longest_turn_seconds);
  uptime_.Set(now.uptime_seconds);
  sessions_live_.Set(static_cast<double>(now.sessions.live));
  const auto& store = now.sessions.store;
  store_up_.Set(store.failure.empty() ? 1 : 0);
  store_writes_.Set(static_cast<double>(store.writes));
  store_failures_.Set(static_cast<double>(store.failures));
  store_waiting_.Set(static_cast<double>(store.waiting));
  stalls_.Set(static_cast<double>(now.stalls));
  raise_to(spans_.Add({{"result", "exported"}}), static_cast<double>(now.spans_exported));
  raise_to(spans_.Add({{"result", "dropped"}}), static_cast<double>(now.spans_dropped));
  for (const auto& b : now.fleet.backends) {
    in_flight_.Add({{"backend", b.status.name}, {"kind", "place"}})
        .Set(static_cast<double>(b.in_flight));
    in_flight_.Add({{"backend", b.status.name}, {"kind", "relay"}})
        .Set(static_cast<double>(b.relayed));
    const prometheus::Labels of{{"backend", b.status.name}};
    tripped_.Add(of).Set(b.tripped ? 1 : 0);
    zombies_.Add(of).Set(static_cast<double>(b.zombies));
    raise_to(zombie_seconds_.Add(of), seconds(b.zombie_time));
    raise_to(loads_.Add(of), static_cast<double>(b.loads));
    raise_to(load_seconds_.Add(of), seconds(b.load_time));
  }
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

} // namespace conductor
