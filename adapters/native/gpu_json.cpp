#include "adapters/native/gpu_json.hpp"

#include "adapters/native/time_text.hpp"

#include <cmath>
#include <map>
#include <optional>

namespace conductor {
namespace {

using json = nlohmann::ordered_json;

/// No more digits than were measured.
double rounded(double value) {
  return std::round(value * 1e4) / 1e4;
}

void put(json& j, const char* key, const std::optional<double>& value) {
  if (value)
    j[key] = rounded(*value);
}

void put(json& j, const char* key, const std::optional<std::uint64_t>& value) {
  if (value)
    j[key] = *value;
}

json to_json(const gpu_process& p) {
  json j{{"pid", p.pid}};
  if (!p.name.empty())
    j["name"] = p.name;
  put(j, "memory_bytes", p.memory);
  if (p.instance)
    j["instance"] = *p.instance;
  j["ollama"] = p.ollama;
  return j;
}

json to_json(const gpu_partition& p) {
  json j{
      {"index", p.index}, {"instance", p.instance}, {"name", p.name}, {"uuid", p.uuid}};
  put(j, "memory_used_bytes", p.memory_used);
  put(j, "memory_total_bytes", p.memory_total);
  return j;
}

json to_json(const gpu_device& d) {
  json j{{"index", d.index},
         {"name", d.name},
         {"uuid", d.uuid},
         {"state", d.lost              ? "lost"
                   : d.problem.empty() ? "up"
                                       : "failed"}};
  if (!d.problem.empty())
    j["problem"] = d.problem;
  put(j, "utilization", d.utilization);
  put(j, "memory_used_bytes", d.memory_used);
  put(j, "memory_total_bytes", d.memory_total);
  put(j, "temperature_c", d.temperature);
  put(j, "power_w", d.power);
  put(j, "power_limit_w", d.power_limit);
  put(j, "core_clock_hz", d.core_clock);
  put(j, "memory_clock_hz", d.memory_clock);
  put(j, "fan", d.fan);
  if (d.throttled)
    j["throttled"] = *d.throttled;
  put(j, "ecc_corrected", d.ecc_corrected);
  put(j, "ecc_uncorrected", d.ecc_uncorrected);
  put(j, "xid_errors", d.xid_errors);
  put(j, "last_xid", d.last_xid);
  put(j, "pcie_received_bytes_per_s", d.pcie_received);
  put(j, "pcie_sent_bytes_per_s", d.pcie_sent);
  if (d.processes) {
    j["processes"] = json::array();
    for (const auto& p : *d.processes)
      j["processes"].push_back(to_json(p));
  }
  if (!d.partitions.empty())
    for (const auto& p : d.partitions)
      j["partitions"].push_back(to_json(p));
  return j;
}

json number_or_null(float value) {
  if (std::isnan(value))
    return nullptr;
  return rounded(value);
}

} // namespace

json to_json(const model_placement& m) {
  return {{"backend", m.backend},
          {"model", m.model},
          {"size_bytes", m.size},
          {"gpu_bytes", m.size_on_gpu},
          {"gpu_ratio", rounded(m.gpu_ratio())}};
}

json to_json(const gpu_report& now) {
  json j;
  if (now.last) {
    j["time"] = time_text(now.last->time);
    j["probe"] = now.last->probe;
    if (!now.last->driver.empty())
      j["driver"] = now.last->driver;
    if (!now.last->problem.empty())
      j["problem"] = now.last->problem;
  }
  j["stale"] = now.stale;
  j["gpus"] = json::array();
  if (now.last)
    for (const auto& d : now.last->devices)
      j["gpus"].push_back(to_json(d));
  j["models"] = json::array();
  for (const auto& m : now.models)
    j["models"].push_back(to_json(m));
  return j;
}

json to_json(const std::vector<gpu_moment>& history) {
  constexpr double mebi = 1 << 20;
  std::map<std::uint32_t, json> by_gpu;
  for (const auto& moment : history)
    for (const auto& p : moment.points) {
      auto& j = by_gpu[p.index];
      if (j.is_null())
        j = {{"index", p.index},
             {"time_ms", json::array()},
             {"utilization", json::array()},
             {"memory_used_bytes", json::array()},
             {"temperature_c", json::array()},
             {"power_w", json::array()}};
      j["time_ms"].push_back(moment.time);
      j["utilization"].push_back(number_or_null(p.utilization));
      j["memory_used_bytes"].push_back(
          std::isnan(p.memory_used)
              ? json{}
              : json(static_cast<std::uint64_t>(p.memory_used * mebi)));
      j["temperature_c"].push_back(number_or_null(p.temperature));
      j["power_w"].push_back(number_or_null(p.power));
    }
  json all = json::array();
  for (auto& [index, j] : by_gpu)
    all.push_back(std::move(j));
  return all;
}

} // namespace conductor
