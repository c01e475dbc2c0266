#include "adapters/metrics/key_series.hpp"

#include "adapters/metrics/families.hpp"
#include "adapters/metrics/tally.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

namespace conductor {
namespace {

double value(const std::atomic<std::uint64_t>& n) {
  return static_cast<double>(n.load(std::memory_order_relaxed));
}

} // namespace

std::string key_series::series_for(const std::string& name) const {
  const auto others = all_.count(std::string{other_model});
  return all_.contains(name) || all_.size() - others < most_ ? name
                                                             : std::string{other_model};
}

/// A name that was given anew goes on with the sums of those before.
void key_series::count(const grant& g) const {
  auto i = keys_counted_.find(g.key.id);
  if (i == keys_counted_.end())
    i = keys_counted_.emplace(g.key.id, counted{{}, series_for(g.key.name)}).first;
  auto& to = all_[i->second.series];
  const auto add = [&](std::uint64_t sums::*which,
                       const std::atomic<std::uint64_t>& now) {
    const auto n = now.load(std::memory_order_relaxed);
    to.*which += n - std::exchange(i->second.so_far.*which, n);
  };
  const auto& seen = g.meter->seen;
  add(&sums::admitted, seen.admitted);
  add(&sums::limited, seen.limited);
  add(&sums::forbidden, seen.forbidden);
  add(&sums::tokens, seen.tokens);
  add(&sums::gpu_ns, seen.gpu_ns);
}

void key_series::count() const {
  const auto table = keys_();
  std::erase_if(keys_counted_,
                [&](const auto& k) { return !table->by_id.contains(k.first); });
  std::set<std::string_view> there{other_model};
  for (const auto& [id, k] : keys_counted_)
    there.insert(k.series);
  std::erase_if(all_, [&](const auto& s) { return !there.contains(s.first); });
  std::vector<const grant*> oldest_first;
  for (const auto& [id, g] : table->by_id)
    oldest_first.push_back(g.get());
  std::sort(oldest_first.begin(), oldest_first.end(), [](const auto* a, const auto* b) {
    return std::tie(a->key.created, a->key.id) < std::tie(b->key.created, b->key.id);
  });
  for (const auto* g : oldest_first)
    count(*g);
}

std::vector<prometheus::MetricFamily> key_series::Collect() const {
  families made;
  made.counter(
      "conductor_refusals_total",
      "Requests that were turned away: without a key that lets in, without the "
      "scope or model, over a key's limit or the node's memory; connections: too "
      "many, or without TLS.");
  made.add(value(refusals_->unauthenticated), {{"reason", "unauthenticated"}});
  made.add(value(refusals_->forbidden), {{"reason", "forbidden"}});
  made.add(value(refusals_->rate_limited), {{"reason", "rate_limited"}});
  made.add(value(refusals_->memory), {{"reason", "memory"}});
  made.add(value(refusals_->connections), {{"reason", "connections"}});
  made.add(value(refusals_->tls), {{"reason", "tls"}});
  count();
  if (all_.empty())
    return {made.all.begin(), made.all.end()};
  made.counter("conductor_key_requests_total",
               "Answers that keys asked for, by what became of it: admitted, limited or "
               "forbidden.");
  for (const auto& [name, s] : all_) {
    made.add(static_cast<double>(s.admitted), {{"key", name}, {"outcome", "admitted"}});
    made.add(static_cast<double>(s.limited), {{"key", name}, {"outcome", "limited"}});
    made.add(static_cast<double>(s.forbidden), {{"key", name}, {"outcome", "forbidden"}});
  }
  made.counter("conductor_key_tokens_total",
               "Tokens of prompts and answers that keys were charged with.");
  for (const auto& [name, s] : all_)
    made.add(static_cast<double>(s.tokens), {{"key", name}});
  made.counter("conductor_key_gpu_seconds_total",
               "Seconds of a GPU that keys were charged with.");
  for (const auto& [name, s] : all_)
    made.add(static_cast<double>(s.gpu_ns) * 1e-9, {{"key", name}});
  return {made.all.begin(), made.all.end()};
}

} // namespace conductor
