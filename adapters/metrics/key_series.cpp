#include "adapters/metrics/key_series.hpp"

#include "adapters/metrics/families.hpp"
#include "adapters/metrics/tally.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

namespace conductor {
namespace {

struct sums {
  std::uint64_t admitted = 0, limited = 0, forbidden = 0, tokens = 0, gpu_ns = 0;

  void add(const key_meter::counts& c) {
    admitted += c.admitted;
    limited += c.limited;
    forbidden += c.forbidden;
    tokens += c.tokens;
    gpu_ns += c.gpu_ns;
  }
};

/// By name. A name that was given anew goes on with the sums of those before.
std::map<std::string, sums> read(const key_table& table, std::size_t most) {
  std::vector<grant_ptr> all;
  for (const auto& [id, g] : table.by_id)
    all.push_back(g);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a->key.created, a->key.id) < std::tie(b->key.created, b->key.id);
  });
  std::map<std::string, sums> by_name;
  for (const auto& g : all) {
    auto name = g->key.name;
    if (!by_name.contains(name) && by_name.size() >= most)
      name = other_model;
    by_name[name].add(g->meter->seen);
  }
  return by_name;
}

double count(const std::atomic<std::uint64_t>& n) {
  return static_cast<double>(n.load(std::memory_order_relaxed));
}

} // namespace

std::vector<prometheus::MetricFamily> key_series::Collect() const {
  families made;
  made.counter(
      "conductor_refusals_total",
      "Requests that were turned away: without a key that lets in, without the "
      "scope or model, over a key's limit or the node's memory; connections: too "
      "many, or without TLS.");
  made.add(count(refusals_->unauthenticated), {{"reason", "unauthenticated"}});
  made.add(count(refusals_->forbidden), {{"reason", "forbidden"}});
  made.add(count(refusals_->rate_limited), {{"reason", "rate_limited"}});
  made.add(count(refusals_->memory), {{"reason", "memory"}});
  made.add(count(refusals_->connections), {{"reason", "connections"}});
  made.add(count(refusals_->tls), {{"reason", "tls"}});
  const auto table = keys_();
  const auto by_name = read(*table, most_);
  if (by_name.empty())
    return {made.all.begin(), made.all.end()};
  made.counter("conductor_key_requests_total",
               "Answers that keys asked for, by what became of it: admitted, limited or "
               "forbidden.");
  for (const auto& [name, s] : by_name) {
    made.add(static_cast<double>(s.admitted), {{"key", name}, {"outcome", "admitted"}});
    made.add(static_cast<double>(s.limited), {{"key", name}, {"outcome", "limited"}});
    made.add(static_cast<double>(s.forbidden), {{"key", name}, {"outcome", "forbidden"}});
  }
  made.counter("conductor_key_tokens_total",
               "Tokens of prompts and answers that keys were charged with.");
  for (const auto& [name, s] : by_name)
    made.add(static_cast<double>(s.tokens), {{"key", name}});
  made.counter("conductor_key_gpu_seconds_total",
               "Seconds of a GPU that keys were charged with.");
  for (const auto& [name, s] : by_name)
    made.add(static_cast<double>(s.gpu_ns) * 1e-9, {{"key", name}});
  return {made.all.begin(), made.all.end()};
}

} // namespace conductor
