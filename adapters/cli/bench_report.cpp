#include "adapters/cli/bench.hpp"

#include "adapters/cli/human.hpp"
#include "adapters/cli/table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace conductor::cli {

namespace {

using json = nlohmann::ordered_json;

// What is compared: its column in the table, its key in JSON, its name in a verdict.
struct quantity {
  const char* label;
  const char* key;
  const char* what;
  const char* unit;
  double timing::*value;
};

constexpr std::array quantities{
    quantity{"first token, ms", "first_ms", "the first token", "ms", &timing::first_ms},
    quantity{"whole answer, ms", "total_ms", "the whole answer", "ms", &timing::total_ms},
    quantity{"tokens/s", "tokens_per_s", "the speed", "tokens/s", &timing::rate}};

struct spread {
  double p10, median, p90;
};

spread spread_of(const std::vector<double>& sample) {
  return {quantile(sample, 0.1), median(sample), quantile(sample, 0.9)};
}

std::vector<double> values(const bench_side& side, const quantity& q) {
  std::vector<double> out;
  for (const auto& t : side.timings)
    out.push_back(t.*q.value);
  return out;
}

std::vector<double> differences(const bench_result& r, const quantity& q) {
  auto with = values(r.conductor, q), without = values(r.direct, q);
  std::transform(with.begin(), with.end(), without.begin(), with.begin(), std::minus<>());
  return with;
}

std::vector<double> gpu_values(const bench_side& side, double gpu_sample::*value) {
  std::vector<double> out;
  for (const auto& s : side.gpu)
    out.push_back(s.*value);
  return out;
}

std::string spread_text(const std::vector<double>& sample) {
  if (sample.empty())
    return "no sample";
  auto s = spread_of(sample);
  return fixed(s.median, 2) + " (" + fixed(s.p10, 2) + " to " + fixed(s.p90, 2) + ")";
}

std::string signed_text(double value) {
  auto text = fixed(value, 2);
  return value > 0 ? text.insert(0, 1, '+') : text;
}

json spread_json(const std::vector<double>& sample) {
  if (sample.empty())
    return nullptr;
  auto s = spread_of(sample);
  return {{"median", s.median}, {"p10", s.p10}, {"p90", s.p90}};
}

json side_json(const bench_result& r, const bench_side& side) {
  json out{{"address", side.address}, {"backends", side.backends}};
  for (const auto& q : quantities) {
    auto sample = values(side, q);
    out[q.key] = spread_json(sample);
    out[q.key]["samples"] = sample;
  }
  if (r.gpu_seen) {
    out["gpu_percent"] = spread_json(gpu_values(side, &gpu_sample::percent));
    out["gpu_watts"] = spread_json(gpu_values(side, &gpu_sample::watts));
  }
  return out;
}

} // namespace

std::string verdict(const std::string& what, const interval& difference,
                    const std::string& unit, std::size_t pairs) {
  if (pairs < pairs_for_verdict)
    return what + ": too few rounds for a verdict, " + std::to_string(pairs_for_verdict) +
           " are the least";
  auto between = [&](double low, double high) {
    return "between " + fixed(low, 2) + " and " + fixed(high, 2) + " " + unit;
  };
  if (difference.contains_zero())
    return what + ": no difference that this run could show (" +
           between(difference.low, difference.high) + ")";
  if (difference.low > 0)
    return "Conductor adds " + between(difference.low, difference.high) + " to " + what;
  return "Conductor takes " + between(-difference.high, -difference.low) + " off " + what;
}

std::string bench_text(const bench_result& r) {
  std::vector<row> rows{{"", "DIRECT", "CONDUCTOR", "DIFFERENCE"},
                        {"", "median (p10 to p90)", "median (p10 to p90)",
                         "median of pairs (95 % interval)"}};
  std::string verdicts;
  for (const auto& q : quantities) {
    auto pairs = differences(r, q);
    auto sure = bootstrap_median(pairs, r.seed);
    rows.push_back({q.label, spread_text(values(r.direct, q)),
                    spread_text(values(r.conductor, q)),
                    signed_text(median(pairs)) + " (" + signed_text(sure.low) + " to " +
                        signed_text(sure.high) + ")"});
    verdicts += verdict(q.what, sure, q.unit, pairs.size()) + "\n";
  }
  if (r.gpu_seen) {
    for (const auto& [label, value] : {std::pair{"GPU busy, %", &gpu_sample::percent},
                                       std::pair{"GPU power, W", &gpu_sample::watts}})
      rows.push_back({label, spread_text(gpu_values(r.direct, value)),
                      spread_text(gpu_values(r.conductor, value))});
  }
  auto out =
      r.model + ", " + std::to_string(r.direct.timings.size()) +
      " pairs of answers in random order after a warm-up, a new connection each\n" +
      "direct: " + r.direct.address + ", Conductor: " + r.conductor.address;
  if (r.conductor.backends.size() > 1)
    out += "\nseveral backends answered through Conductor; the comparison is of them too";
  out += "\n\n" + table(rows, 60) + "\n";
  if (!r.gpu_seen)
    out += "no GPU seen: nvidia-smi cannot be started here\n";
  return out + verdicts;
}

std::string bench_json(const bench_result& r) {
  json out{{"model", r.model},
           {"rounds", r.direct.timings.size()},
           {"seed", r.seed},
           {"direct", side_json(r, r.direct)},
           {"conductor", side_json(r, r.conductor)},
           {"gpu_seen", r.gpu_seen}};
  for (const auto& q : quantities) {
    auto pairs = differences(r, q);
    auto sure = bootstrap_median(pairs, r.seed);
    out["difference"][q.key] = {{"median", median(pairs)},
                                {"low", sure.low},
                                {"high", sure.high},
                                {"verdict", verdict(q.what, sure, q.unit, pairs.size())}};
  }
  return out.dump();
}

} // namespace conductor::cli
