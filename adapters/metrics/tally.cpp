#include "adapters/metrics/tally.hpp"

#include "messages/model_name.hpp"
#include "messages/operation.hpp"

#include <chrono>
#include <cstring>
#include <string_view>

namespace conductor {
namespace {

/// Shorter prompts tell nothing about speed.
constexpr std::uint64_t enough_tokens = 32;
constexpr double faster = 0.6; // than the slowest: some of it was in the cache
constexpr double towards_slower = 0.3;
constexpr double forgets = 0.01;

double seconds(std::chrono::nanoseconds d) {
  return std::chrono::duration<double>(d).count();
}

exemplar exemplar_of(const request_summary& ended, double value) {
  const auto& t = ended.about->trace;
  if (!t || !t->sampled)
    return {};
  return {t->trace_high, t->trace_low, value,
          std::chrono::system_clock::now().time_since_epoch() /
              std::chrono::nanoseconds(1)};
}

void observe(histogram_cell& cell, const request_summary& ended, double value) {
  if (const auto e = exemplar_of(ended, value); e.at_ns != 0)
    cell.observe(value, e);
  else
    cell.observe(value);
}

} // namespace

std::uint64_t cached_tokens(const usage& used, double& slowest) {
  if (used.prompt_tokens < enough_tokens || used.prompt_ns == 0)
    return 0;
  const auto all = static_cast<double>(used.prompt_tokens);
  const auto each = static_cast<double>(used.prompt_ns) * 1e-9 / all;
  const auto before = slowest;
  slowest = each > slowest
                ? slowest + (each - slowest) * (slowest == 0 ? 1 : towards_slower)
                : slowest * (1 - forgets);
  if (before == 0 || each > before * faster)
    return 0;
  return static_cast<std::uint64_t>(all * (1 - each / before));
}

tally::answers& tally::of(const request_summary& ended, const char* operation) {
  auto model = canonical_model(ended.about->model);
  const auto find = [&](std::string_view name) {
    return by_model.find([&](const answers& a) {
      return a.model == name && a.backend == ended.backend &&
             std::strcmp(a.operation, operation) == 0;
    });
  };
  if (auto* known = find(model))
    return *known;
  // Whoever invents names gets no series for them.
  const bool named = !model.empty() && ended.status < 400 && ended.status != 0 &&
                     by_model.size() < most_models_;
  if (!named)
    model = other_model;
  if (auto* known = find(model))
    return *known;
  return by_model.add(operation, std::move(model), ended.backend);
}

void tally::count_prompt(answers& of, const usage& used) {
  const auto cached = cached_tokens(used, of.slowest);
  of.cached.add(cached);
  of.read.add(used.prompt_tokens - cached);
  of.prompt_tokens.observe(static_cast<double>(used.prompt_tokens));
}

void tally::count(const request_summary& ended) {
  const auto& asked = *ended.about;
  const auto status = ended.status / 100;
  auto* how = outcomes.find([&](const outcome& o) {
    return o.kind == asked.kind && o.status_class == status && o.how == ended.outcome;
  });
  (how != nullptr ? *how : outcomes.add(asked.kind, status, ended.outcome))
      .requests.add();
  body_bytes.add(ended.body_bytes);
  if (asked.kind != request_kind::inference)
    return;
  auto& waited = by_class[static_cast<std::size_t>(asked.priority)];
  if (ended.outcome == to_string(errc::queue_full))
    waited.full.add();
  else if (ended.outcome == to_string(errc::queue_timeout))
    waited.timeout.add();
  const auto& last = ended.course.now;
  if (last.leased != attempt::time_point{})
    waited.lasted.observe(seconds(last.leased - last.asked));
  prompt_tokens.add(ended.used.prompt_tokens);
  answer_tokens.add(ended.used.answer_tokens);
  const auto* operation = operation_of(asked.target);
  if (operation == nullptr || ended.backend.empty())
    return;
  auto& a = of(ended, operation);
  observe(a.duration, ended, seconds(ended.total));
  if (ended.first.count() > 0 && asked.streams)
    observe(a.first, ended, seconds(ended.first));
  const auto tokens = ended.used.answer_tokens;
  if (asked.streams && tokens > 1 && ended.first.count() > 0)
    a.per_token.observe(seconds(ended.total - ended.first) /
                        static_cast<double>(tokens - 1));
  if (ended.used.prompt_tokens > 0)
    count_prompt(a, ended.used);
  if (tokens > 0)
    a.answer_tokens.observe(static_cast<double>(tokens));
}

} // namespace conductor
