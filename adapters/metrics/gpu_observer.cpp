#include "adapters/metrics/gpu_observer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

namespace conductor {
namespace {

using lines = std::vector<gpu_line>;

std::string gigabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) * 1e-9);
}

std::string name_of(const gpu_device& d) {
  auto name = "GPU " + std::to_string(d.index);
  if (!d.name.empty())
    name += " (" + d.name + ")";
  return name;
}

const gpu_device* find(const gpu_sample& s, const gpu_device& d) {
  const auto i = std::find_if(s.devices.begin(), s.devices.end(), [&](const auto& other) {
    return other.index == d.index && other.uuid == d.uuid;
  });
  return i == s.devices.end() ? nullptr : &*i;
}

std::string found(const gpu_sample& s, const gpu_device& d) {
  auto text = name_of(d) + " is looked at by " + s.probe;
  if (!s.driver.empty())
    text += ", driver " + s.driver;
  if (d.memory_total)
    text += ": " + gigabytes(*d.memory_total);
  return text;
}

void tell_device(const gpu_device& old, const gpu_device& d, lines& all) {
  if (d.problem != old.problem && !d.problem.empty())
    all.push_back(
        {true, name_of(d) + (d.lost ? " is lost: " : " tells nothing: ") + d.problem});
  if (d.problem.empty() && !old.problem.empty())
    all.push_back({false, name_of(d) + " answers again"});
  if (d.xid_errors.value_or(0) > old.xid_errors.value_or(0))
    all.push_back({true, name_of(d) + " reports XID error " +
                             std::to_string(d.last_xid.value_or(0))});
  if (old.ecc_uncorrected && d.ecc_uncorrected.value_or(0) > *old.ecc_uncorrected)
    all.push_back({true, name_of(d) + " has " + std::to_string(*d.ecc_uncorrected) +
                             " memory errors that could not be corrected"});
}

void tell_sample(const gpu_sample* old, const gpu_sample& s, lines& all) {
  if (s.devices.empty()) {
    if (old != nullptr && !old->devices.empty())
      all.push_back({true, "no GPU is seen any more: " + s.problem});
    else if (old == nullptr)
      all.push_back({false, "no GPU is seen on this machine: " + s.problem});
    return;
  }
  for (const auto& d : s.devices) {
    const auto* known = old == nullptr ? nullptr : find(*old, d);
    if (known == nullptr && d.problem.empty())
      all.push_back({false, found(s, d)});
    tell_device(known == nullptr ? gpu_device{} : *known, d, all);
  }
}

std::string placed(const model_placement& m) {
  const auto text = "model " + m.model + " of backend " + m.backend;
  if (!m.spilled())
    return text + " is wholly on GPUs again";
  if (m.size_on_gpu == 0)
    return text + " is wholly on the CPU: " + gigabytes(m.size);
  return fmt::format("{} is partly on the CPU: {} of {} are on GPUs, {:.0f} %", text,
                     gigabytes(m.size_on_gpu), gigabytes(m.size),
                     std::floor(m.gpu_ratio() * 100));
}

} // namespace

lines changes_of(const gpu_report& before, const gpu_report& now) {
  lines all;
  if (now.stale && !before.stale)
    all.push_back({true, "the GPU driver does not answer: what was seen last is kept, "
                         "marked as stale"});
  if (!now.stale && before.stale)
    all.push_back({false, "the GPU driver answers again"});
  if (now.last && now.last != before.last)
    tell_sample(before.last.get(), *now.last, all);
  for (const auto& m : moved_models(before.models, now.models))
    all.push_back({m.spilled(), placed(m)});
  return all;
}

gpu_observer_actor::behavior_type
gpu_observer(gpu_observer_actor::stateful_pointer<gpu_observer_state> self,
             std::shared_ptr<gpu_series> counts) {
  self->state.counts = std::move(counts);
  return {[self](const gpu_report_ptr& now) {
    auto& st = self->state;
    for (const auto& line : changes_of(*st.last, *now))
      spdlog::log(line.warning ? spdlog::level::warn : spdlog::level::info, "{}",
                  line.text);
    st.counts->show(now);
    st.last = now;
  }};
}

} // namespace conductor
