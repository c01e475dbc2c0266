#include "adapters/gpu/nvml_processes.hpp"

#include "adapters/gpu/probe.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace conductor::nvml {
namespace {

constexpr unsigned most_processes = 1024;
constexpr unsigned no_instance = ~0u;

/// The whole list; processes come and go while it is asked for.
template <class Process>
std::optional<std::vector<Process>> listed(int (*function)(device, unsigned*, Process*),
                                           device who) {
  if (function == nullptr)
    return std::nullopt;
  unsigned count = 0;
  auto result = function(who, &count, nullptr);
  std::vector<Process> all;
  for (int n = 0; n < 3 && result == insufficient_size; ++n) {
    all.resize(std::min(count + 8, most_processes));
    count = static_cast<unsigned>(all.size());
    result = function(who, &count, all.data());
  }
  if (result != success)
    return std::nullopt;
  all.resize(std::min<std::size_t>(count, all.size()));
  return all;
}

std::optional<std::vector<process>> computing(const library& nvml, device who) {
  if (nvml.compute_processes != nullptr)
    return listed(nvml.compute_processes, who);
  auto old = listed(nvml.compute_processes_v1, who);
  if (!old)
    return std::nullopt;
  std::vector<process> all;
  for (const auto& p : *old)
    all.push_back({p.pid, p.memory, no_instance, no_instance});
  return all;
}

} // namespace

std::optional<std::vector<gpu_process>> processes_of(const library& nvml, device who) {
  auto all = computing(nvml, who);
  if (auto drawing = listed(nvml.graphics_processes, who)) {
    if (!all)
      all.emplace();
    all->insert(all->end(), drawing->begin(), drawing->end());
  }
  if (!all)
    return std::nullopt;
  std::map<std::pair<unsigned, unsigned>, gpu_process> by_number;
  for (const auto& p : *all) {
    const auto [at, is_new] = by_number.try_emplace({p.pid, p.gpu_instance});
    if (!is_new)
      continue; // both lists tell all of its memory
    auto& found = at->second;
    found.pid = p.pid;
    if (p.memory != not_available)
      found.memory = p.memory;
    if (p.gpu_instance != no_instance)
      found.instance = p.gpu_instance;
    std::array<char, 256> name{};
    if (nvml.process_name != nullptr &&
        nvml.process_name(p.pid, name.data(), name.size()) == success)
      found.name = name.data();
    found.ollama = is_ollama(found.name);
  }
  std::vector<gpu_process> processes;
  for (auto& [key, p] : by_number)
    processes.push_back(std::move(p));
  return processes;
}

} // namespace conductor::nvml
