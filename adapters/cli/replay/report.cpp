#include "adapters/cli/human.hpp"
#include "adapters/cli/replay/replay.hpp"
#include "adapters/cli/sample_stats.hpp"
#include "adapters/cli/table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace conductor::cli {

namespace {

using json = nlohmann::ordered_json;

// Fewer pairs may all lie on one side by chance.
constexpr std::size_t pairs_for_verdict = 6;

struct pair_of {
  const recorded_request* before;
  const played_request* now;
};
using pairs = std::vector<pair_of>;

struct quantity {
  const char* name;
  const char* what; ///< in a sentence
  double recorded_request::*before;
  double played_request::*now;
};
constexpr std::array<quantity, 3> quantities{
    {{"queue", "the wait for a place", &recorded_request::queue_s,
      &played_request::queue_s},
     {"first", "the time to the first record", &recorded_request::first_s,
      &played_request::first_s},
     {"total", "the time to the end", &recorded_request::total_s,
      &played_request::total_s}}};

/// Of both sides only where both were answered, so that like is compared with like.
bool comparable(const pair_of& p) {
  return !p.before->failed && !p.before->cancelled && p.now->error.empty();
}

struct samples {
  std::vector<double> before, now, difference;
};

samples of(const pairs& all, const quantity& q) {
  samples s;
  for (const auto& p : all) {
    if (!comparable(p))
      continue;
    s.before.push_back(p.before->*q.before);
    s.now.push_back(p.now->*q.now);
    s.difference.push_back(s.now.back() - s.before.back());
  }
  return s;
}

std::string seconds_text(double s) {
  return s < 1 ? fixed(s * 1000, 0) + " ms" : fixed(s, 1) + " s";
}

std::string spread_text(const std::vector<double>& values) {
  if (values.empty())
    return "-";
  return seconds_text(median(values)) + ", " + seconds_text(quantile(values, .9)) + ", " +
         seconds_text(quantile(values, .99));
}

/// Tokens of answers that came to their end, a second from the first request to the last
/// end.
double before_rate(const pairs& all) {
  double tokens = 0, end = 0, begin = all.empty() ? 0 : all.front().before->at_s;
  for (const auto& p : all) {
    tokens += static_cast<double>(p.before->answer_tokens);
    end = std::max(end, p.before->at_s + p.before->total_s);
  }
  return end > begin ? tokens / (end - begin) : 0;
}
double now_rate(const pairs& all, const pace& how) {
  double tokens = 0, end = 0,
         begin = all.empty() ? 0 : all.front().before->at_s / how.speed;
  for (const auto& p : all) {
    tokens += static_cast<double>(p.now->answer_tokens);
    end = std::max(end, p.before->at_s / how.speed + p.now->late_s + p.now->total_s);
  }
  return end > begin ? tokens / (end - begin) : 0;
}

std::size_t failures_before(const pairs& all) {
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const pair_of& p) { return p.before->failed; }));
}
std::size_t failures_now(const pairs& all) {
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const pair_of& p) { return !p.now->error.empty(); }));
}

/// Everything, then each class, where there are several.
std::vector<std::pair<std::string, pairs>>
groups_of(const recording& before, const std::vector<played_request>& now) {
  std::vector<std::pair<std::string, pairs>> groups{{"all", {}}};
  std::map<std::string, pairs> classes;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const pair_of p{&before.requests[i], &now[i]};
    groups.front().second.push_back(p);
    classes[p.before->priority].push_back(p);
  }
  if (classes.size() > 1)
    groups.insert(groups.end(), classes.begin(), classes.end());
  return groups;
}

std::optional<interval> difference_of(const samples& s) {
  if (s.difference.size() < pairs_for_verdict)
    return std::nullopt;
  return bootstrap_median(s.difference, 1);
}

std::string sentence(const quantity& q, const samples& s) {
  const auto sure = difference_of(s);
  if (!sure)
    return std::string(q.what) + ": too few answers for a verdict\n";
  if (sure->contains_zero())
    return std::string(q.what) + ": no difference that this could show\n";
  const bool later = sure->low > 0;
  const auto low = later ? sure->low : -sure->high,
             high = later ? sure->high : -sure->low;
  return std::string(q.what) + (later ? " is longer" : " is shorter") + ", by " +
         seconds_text(low) + " to " + seconds_text(high) + " (median of pairs, 95 %)\n";
}

std::string latest_of(const std::vector<played_request>& now) {
  double late = 0;
  for (const auto& r : now)
    late = std::max(late, r.late_s);
  return late < .5 ? ""
                   : "Asked up to " + seconds_text(late) +
                         " after it was due: this machine, or --most, held it up.\n";
}

std::map<std::string, std::size_t> errors_in(const std::vector<played_request>& now) {
  std::map<std::string, std::size_t> errors;
  for (const auto& r : now)
    if (!r.error.empty())
      ++errors[r.error];
  return errors;
}

} // namespace

std::string replay_text(const recording& before, const std::vector<played_request>& now,
                        const pace& how) {
  auto text = std::to_string(now.size()) + " requests asked again" +
              (how.speed == 1 ? "" : ", " + fixed(how.speed, 2) + " times as fast");
  if (before.left_out > 0)
    text += "; " + std::to_string(before.left_out) + " left out, which took no place";
  text += ". Median, p90, p99 of what both answered:\n\n";
  std::vector<row> rows{{"", "", "RECORDED", "NOW"}};
  const auto groups = groups_of(before, now);
  for (const auto& [name, all] : groups) {
    auto label = name + " (" + std::to_string(all.size()) + ")";
    for (const auto& q : quantities) {
      const auto s = of(all, q);
      rows.push_back(
          {std::exchange(label, ""), q.name, spread_text(s.before), spread_text(s.now)});
    }
    rows.push_back(
        {"", "tokens/s", fixed(before_rate(all), 1), fixed(now_rate(all, how), 1)});
    rows.push_back({"", "failed", std::to_string(failures_before(all)),
                    std::to_string(failures_now(all))});
  }
  text += table(rows, 60) + "\n";
  for (const auto& q : quantities)
    text += sentence(q, of(groups.front().second, q));
  for (const auto& [error, n] : errors_in(now))
    text += std::to_string(n) + " failed: " + error + "\n";
  return text + latest_of(now);
}

std::string replay_json(const recording& before, const std::vector<played_request>& now,
                        const pace& how) {
  const auto spread = [](const std::vector<double>& v) -> json {
    if (v.empty())
      return nullptr;
    return {{"p50", median(v)}, {"p90", quantile(v, .9)}, {"p99", quantile(v, .99)}};
  };
  json out{{"requests", now.size()}, {"left_out", before.left_out}, {"speed", how.speed}};
  for (const auto& [name, all] : groups_of(before, now)) {
    json group{{"requests", all.size()}};
    for (const auto& q : quantities) {
      const auto s = of(all, q);
      const auto sure = difference_of(s);
      group[std::string(q.name) + "_s"] = {
          {"recorded", spread(s.before)},
          {"now", spread(s.now)},
          {"difference", sure ? json{sure->low, sure->high} : json{}}};
    }
    group["tokens_per_s"] = {{"recorded", before_rate(all)}, {"now", now_rate(all, how)}};
    group["failed"] = {{"recorded", failures_before(all)}, {"now", failures_now(all)}};
    out["groups"][name] = std::move(group);
  }
  out["errors"] = errors_in(now);
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace conductor::cli
