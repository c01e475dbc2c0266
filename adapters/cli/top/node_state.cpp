#include "adapters/cli/top/node_state.hpp"

#include "adapters/cli/record.hpp"
#include "adapters/cli/sample_stats.hpp"

#include <algorithm>
#include <utility>

namespace conductor::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kept = 240; // points of each history

void add(std::vector<double>& history, double value) {
  if (history.size() == kept)
    history.erase(history.begin());
  history.push_back(value);
}

double real_of(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : 0;
}

std::string index_of(const json& gpu) {
  return std::to_string(number_of(gpu, "index"));
}

} // namespace

const json& node_state::entries(const char* part) const {
  static const json none = json::array();
  if (!last_.is_object())
    return none;
  const auto& body = list_of(last_, part);
  if (!body.is_object())
    return none;
  auto all = body.find(std::string(part) == "queue" ? "waiting" : part);
  return all != body.end() && all->is_array() ? *all : none;
}

const json& node_state::status() const {
  return last_.is_object() ? list_of(last_, "status") : last_;
}

const json& node_state::placements() const {
  static const json none = json::array();
  return last_.is_object() ? list_of(list_of(last_, "gpus"), "models") : none;
}

void node_state::take(json event, double now) {
  auto since = now - heard_;
  bool first = !known();
  last_ = std::move(event);
  heard_ = now;
  away_.clear();
  double all = 0;
  std::map<std::string, double> pieces, rates;
  for (const auto& g : entries("generations")) {
    if (!g.is_object())
      continue;
    auto id = text_of(g, "id");
    auto& told = pieces[id];
    told = real_of(g, "pieces");
    auto before = pieces_.find(id);
    // One that began meanwhile has said all of it since.
    auto fresh = told - (before == pieces_.end() ? 0 : before->second);
    if (before == pieces_.end() && first)
      fresh = 0;
    if (since > 0 && fresh > 0)
      all += rates[id] = fresh / since;
  }
  pieces_ = std::move(pieces);
  rate_ = std::move(rates);
  add(rates_, all);
  for (const auto& d : entries("gpus"))
    if (d.is_object())
      add(busy_[index_of(d)], real_of(d, "utilization"));
}

void node_state::take_history(const json& document) {
  for (const auto& gpu : list_of(document, "history")) {
    if (!gpu.is_object())
      continue;
    std::vector<double> before;
    for (const auto& value : list_of(gpu, "utilization"))
      before.push_back(value.is_number() ? value.get<double>() : 0);
    auto& all = busy_[index_of(gpu)];
    before.insert(before.end(), all.begin(), all.end());
    if (before.size() > kept)
      before.erase(before.begin(), before.end() - static_cast<std::ptrdiff_t>(kept));
    all = std::move(before);
  }
}

double node_state::rate(const std::string& generation) const {
  auto at = rate_.find(generation);
  return at == rate_.end() ? 0 : at->second;
}

const std::vector<double>& node_state::busy(const std::string& gpu) const {
  static const std::vector<double> none;
  auto at = busy_.find(gpu);
  return at == busy_.end() ? none : at->second;
}

first_tokens node_state::first() const {
  std::vector<double> all;
  for (const auto& r : entries("requests"))
    if (r.is_object() && text_of(r, "outcome") == "done" && r.contains("usage"))
      if (auto first = real_of(list_of(r, "timing"), "first"); first > 0)
        all.push_back(first);
  if (all.empty())
    return {};
  return {quantile(all, 0.5), quantile(all, 0.9), quantile(all, 0.99), all.size()};
}

bool failed(const json& request) {
  auto outcome = text_of(request, "outcome");
  return (outcome != "done" && outcome != "cancelled") ||
         number_of(request, "status") >= 500;
}

std::size_t node_state::failures() const {
  const auto& all = entries("requests");
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const json& r) { return r.is_object() && failed(r); }));
}

} // namespace conductor::cli
