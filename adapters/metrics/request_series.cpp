#include "adapters/metrics/request_series.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

namespace conductor {
namespace {

constexpr std::array classes{priority_class::interactive, priority_class::normal,
                             priority_class::batch};

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

std::string status_of(int status_class) {
  return status_class == 0 ? "none" : std::to_string(status_class) + "xx";
}

/// Sums over lanes.
struct sums {
  using answers_key = std::tuple<std::string, std::string, std::string>;
  struct answers {
    histogram_reading duration, first, per_token, prompt_tokens, answer_tokens;
  };
  struct prompts {
    std::uint64_t cached = 0, read = 0;
  };
  struct waits {
    histogram_reading lasted;
    std::uint64_t full = 0, timeout = 0;
  };

  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> outcomes;
  std::map<answers_key, answers> by_model; ///< operation, model, backend
  std::map<std::string, prompts> by_backend;
  std::array<waits, 3> by_class;
  std::uint64_t body_bytes = 0, prompt_tokens = 0, answer_tokens = 0;
};

void add_answers(families& into, const sums& s) {
  const auto histogram = [&](const char* name, const char* help, auto part) {
    into.histogram(name, help);
    for (const auto& [key, a] : s.by_model)
      into.add(a.*part, {{"gen_ai_operation_name", std::get<0>(key)},
                         {"gen_ai_request_model", std::get<1>(key)},
                         {"backend", std::get<2>(key)}});
  };
  histogram("gen_ai_server_request_duration_seconds",
            "From the whole request read to the answer's end.", &sums::answers::duration);
  histogram("gen_ai_server_time_to_first_token_seconds",
            "From the whole request read to the first record of a stream.",
            &sums::answers::first);
  histogram("gen_ai_server_time_per_output_token_seconds",
            "Between two tokens of a stream after the first, on average of each answer.",
            &sums::answers::per_token);
  into.histogram("gen_ai_client_token_usage",
                 "Tokens of one answer as Ollama counts them, by type.");
  for (const auto& [key, a] : s.by_model)
    for (const auto& [type, reading] :
         {std::pair{"input", &a.prompt_tokens}, std::pair{"output", &a.answer_tokens}})
      into.add(*reading, {{"gen_ai_operation_name", std::get<0>(key)},
                          {"gen_ai_request_model", std::get<1>(key)},
                          {"backend", std::get<2>(key)},
                          {"gen_ai_token_type", type}});
}

void add_waits(families& into, const sums& s) {
  into.histogram("conductor_queue_wait_seconds",
                 "What requests that got a place had waited for it, loads included.");
  for (const auto c : classes)
    into.add(s.by_class[static_cast<std::size_t>(c)].lasted, {{"class", to_string(c)}});
  into.counter(
      "conductor_queue_rejections_total",
      "Requests that got no place: the queue was full, or they waited too long.");
  for (const auto c : classes) {
    const auto& w = s.by_class[static_cast<std::size_t>(c)];
    into.add(static_cast<double>(w.full), {{"class", to_string(c)}, {"reason", "full"}});
    into.add(static_cast<double>(w.timeout),
             {{"class", to_string(c)}, {"reason", "timeout"}});
  }
}

} // namespace

std::shared_ptr<tally> request_series::add_tally() {
  return tallies_.emplace_back(std::make_shared<tally>(most_models_));
}

bool request_series::admits(const std::string& model) {
  if (model == other_model || admitted_.contains(model))
    return true;
  if (admitted_.size() >= most_models_)
    return false;
  admitted_.insert(model);
  return true;
}

void request_series::collect(families& into) {
  sums s;
  for (const auto& t : tallies_) {
    t->outcomes.each([&](const tally::outcome& o) {
      s.outcomes[{kind_of(o.kind), status_of(o.status_class), o.how}] +=
          o.requests.value();
    });
    t->by_model.each([&](const tally::answers& a) {
      auto& sum = s.by_model[{
          a.operation, admits(a.model) ? a.model : std::string{other_model}, a.backend}];
      sum.duration.add(a.duration.read());
      sum.first.add(a.first.read());
      sum.per_token.add(a.per_token.read());
      sum.prompt_tokens.add(a.prompt_tokens.read());
      sum.answer_tokens.add(a.answer_tokens.read());
      auto& prompts = s.by_backend[a.backend];
      prompts.cached += a.cached.value();
      prompts.read += a.read.value();
    });
    for (std::size_t c = 0; c < classes.size(); ++c) {
      s.by_class[c].lasted.add(t->by_class[c].lasted.read());
      s.by_class[c].full += t->by_class[c].full.value();
      s.by_class[c].timeout += t->by_class[c].timeout.value();
    }
    s.body_bytes += t->body_bytes.value();
    s.prompt_tokens += t->prompt_tokens.value();
    s.answer_tokens += t->answer_tokens.value();
  }
  into.counter("conductor_requests_total",
               "Requests that ended, by kind, status class and outcome.");
  for (const auto& [key, n] : s.outcomes)
    into.add(static_cast<double>(n), {{"kind", std::get<0>(key)},
                                      {"status", std::get<1>(key)},
                                      {"outcome", std::get<2>(key)}});
  into.counter("conductor_answer_bytes_total",
               "Bytes of answer bodies passed on to clients.");
  into.add(static_cast<double>(s.body_bytes));
  into.counter("conductor_tokens_total", "Tokens as Ollama counts them, by type.");
  into.add(static_cast<double>(s.prompt_tokens), {{"type", "input"}});
  into.add(static_cast<double>(s.answer_tokens), {{"type", "output"}});
  into.counter("conductor_prompt_tokens_total",
               "Tokens of prompts that were found in the backend's cache, and those that "
               "were not, as estimated from how long Ollama read the prompt.");
  for (const auto& [backend, p] : s.by_backend) {
    into.add(static_cast<double>(p.cached), {{"backend", backend}, {"cache", "hit"}});
    into.add(static_cast<double>(p.read), {{"backend", backend}, {"cache", "miss"}});
  }
  add_answers(into, s);
  add_waits(into, s);
}

} // namespace conductor
