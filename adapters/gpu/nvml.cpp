#include "adapters/gpu/nvml.hpp"

#include "adapters/gpu/nvml_processes.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace conductor {
namespace {

constexpr unsigned most_devices = 64;
constexpr int most_events = 1000; // taken at one look

/// NVML's bits, in the order of their values; idleness and none are left out.
constexpr std::array<std::pair<nvml::counter, std::string_view>, 8> reasons{
    {{0x002, "application_clocks"},
     {0x004, "sw_power_cap"},
     {0x008, "hw_slowdown"},
     {0x010, "sync_boost"},
     {0x020, "sw_thermal"},
     {0x040, "hw_thermal"},
     {0x080, "hw_power_brake"},
     {0x100, "display_clock"}}};

/// The library itself, or the driver, has to be begun anew.
bool is_over(int result) {
  return result == nvml::uninitialized || result == nvml::driver_not_loaded ||
         result == nvml::version_mismatch;
}

void check(const nvml::library& nvml, int result) {
  if (result != nvml::success)
    throw gpu_unavailable(nvml.text_of(result));
}

/// Questions to one device. That it is lost may be known from any answer.
class questions {
public:
  questions(const nvml::library& nvml, nvml::device who) : nvml_(nvml), who_(who) {}

  bool lost() const { return lost_; }

  /// What the function writes into its last argument.
  template <class Value, class... Args, class... Given>
  std::optional<Value> ask(int (*function)(nvml::device, Args...), Given... given) {
    Value value{};
    if (function == nullptr || !good(function(who_, given..., &value)))
      return std::nullopt;
    return value;
  }
  template <class Function>
  std::string text(Function function) {
    std::array<char, 96> space{};
    if (function == nullptr || !good(function(who_, space.data(), space.size())))
      return {};
    return space.data();
  }
  bool good(int result) {
    if (is_over(result))
      check(nvml_, result);
    lost_ = lost_ || result == nvml::gpu_is_lost;
    return result == nvml::success;
  }

private:
  const nvml::library& nvml_;
  nvml::device who_;
  bool lost_ = false;
};

template <class Value>
std::optional<double> scaled(const std::optional<Value>& value, double unit) {
  if (!value)
    return std::nullopt;
  return static_cast<double>(*value) * unit;
}

std::optional<std::uint64_t> times(const std::optional<unsigned>& value,
                                   std::uint64_t unit) {
  if (!value)
    return std::nullopt;
  return *value * unit;
}

/// Bytes in use and bytes in all. As nvidia-smi does it, what the driver keeps for itself
/// is not in use, where the library tells the two apart.
std::pair<std::optional<std::uint64_t>, std::optional<std::uint64_t>>
memory_of(const nvml::library& nvml, questions& q, nvml::device who) {
  nvml::memory_v2 parts{};
  parts.version = nvml::memory_v2_version;
  if (nvml.memory_info_v2 != nullptr && q.good(nvml.memory_info_v2(who, &parts)))
    return {parts.used, parts.total};
  if (const auto whole = q.ask<nvml::memory>(nvml.memory_info))
    return {whole->used, whole->total};
  return {};
}

} // namespace

nvml_probe::nvml_probe(const std::string& library) : nvml_(library) {
  check(nvml_, nvml_.init());
  unsigned count = 0;
  const auto result = nvml_.count(&count);
  if (result != nvml::success || count == 0) {
    nvml_.shutdown();
    check(nvml_, result);
    throw gpu_unavailable("NVML knows of no GPU");
  }
  if (nvml_.create_events != nullptr && nvml_.register_events != nullptr &&
      nvml_.wait_event != nullptr && nvml_.free_events != nullptr &&
      nvml_.create_events(&events_) != nvml::success)
    events_ = nullptr;
}

nvml_probe::~nvml_probe() {
  if (events_ != nullptr)
    nvml_.free_events(events_);
  nvml_.shutdown();
}

void nvml_probe::look(gpu_sample& sample) {
  sample.probe = "nvml";
  std::array<char, 80> version{};
  if (nvml_.driver_version != nullptr &&
      nvml_.driver_version(version.data(), version.size()) == nvml::success)
    sample.driver = version.data();
  unsigned count = 0;
  check(nvml_, nvml_.count(&count));
  // A driver that counts a lost GPU no longer: it is there all the same.
  if (!handles_.empty())
    count = std::max(count, handles_.rbegin()->first + 1);
  take_events();
  for (unsigned i = 0; i < std::min(count, most_devices); ++i) {
    auto& d = sample.devices.emplace_back();
    d.index = i;
    nvml::device who = nullptr;
    const auto result = nvml_.handle(i, &who);
    if (is_over(result))
      check(nvml_, result);
    if (result != nvml::success) {
      d.problem = nvml_.text_of(result);
      d.lost = result == nvml::gpu_is_lost || handles_.contains(i);
      who = handles_.contains(i) ? handles_[i] : nullptr;
    } else {
      handles_[i] = who;
      look_at(who, d);
    }
    if (who == nullptr)
      continue;
    const auto& k = known_[who];
    d.name = k.name;
    d.uuid = k.uuid;
    if (k.watched)
      d.xid_errors = k.xid_errors;
    d.last_xid = k.last_xid;
  }
}

void nvml_probe::watch(nvml::device who, known& k) {
  questions q{nvml_, who};
  k.name = q.text(nvml_.name);
  k.uuid = q.text(nvml_.uuid);
  k.watched = events_ != nullptr &&
              nvml_.register_events(who, nvml::xid_event, events_) == nvml::success;
}

void nvml_probe::take_events() {
  nvml::event e{};
  for (int n = 0; events_ != nullptr && n < most_events; ++n) {
    if (nvml_.wait_event(events_, &e, 0) != nvml::success)
      return; // mostly that there is none within no time
    if ((e.type & nvml::xid_event) == 0)
      continue;
    auto& k = known_[e.device];
    ++k.xid_errors;
    k.last_xid = e.data;
  }
}

void nvml_probe::look_at(nvml::device who, gpu_device& d) {
  if (!known_.contains(who))
    watch(who, known_[who]);
  questions q{nvml_, who};
  if (const auto busy = q.ask<nvml::utilization>(nvml_.utilization_rates))
    d.utilization = busy->gpu / 100.0;
  std::tie(d.memory_used, d.memory_total) = memory_of(nvml_, q, who);
  d.temperature = scaled(q.ask<unsigned>(nvml_.temperature, nvml::temperature_of_gpu), 1);
  d.power = scaled(q.ask<unsigned>(nvml_.power_usage), 1e-3);
  d.power_limit = scaled(q.ask<unsigned>(nvml_.power_limit), 1e-3);
  constexpr std::uint64_t mega = 1'000'000;
  d.core_clock = times(q.ask<unsigned>(nvml_.clock_info, nvml::clock_sm), mega);
  d.memory_clock = times(q.ask<unsigned>(nvml_.clock_info, nvml::clock_memory), mega);
  if (const auto bits = q.ask<nvml::counter>(nvml_.throttle_reasons)) {
    d.throttled.emplace();
    for (const auto& [bit, name] : reasons)
      if ((*bits & bit) != 0)
        d.throttled->push_back(name);
  }
  d.fan = scaled(q.ask<unsigned>(nvml_.fan_speed), 0.01);
  d.ecc_corrected = q.ask<nvml::counter>(nvml_.ecc_errors, nvml::ecc_corrected,
                                         nvml::since_driver_load);
  d.ecc_uncorrected = q.ask<nvml::counter>(nvml_.ecc_errors, nvml::ecc_uncorrected,
                                           nvml::since_driver_load);
  d.pcie_received =
      times(q.ask<unsigned>(nvml_.pcie_throughput, nvml::pcie_received), 1000);
  d.pcie_sent = times(q.ask<unsigned>(nvml_.pcie_throughput, nvml::pcie_sent), 1000);
  d.processes = nvml::processes_of(nvml_, who);
  look_at_partitions(who, d);
  if (q.lost()) {
    gpu_device nothing;
    nothing.index = d.index;
    nothing.lost = true;
    nothing.problem = nvml_.text_of(nvml::gpu_is_lost);
    d = std::move(nothing);
  }
}

void nvml_probe::look_at_partitions(nvml::device who, gpu_device& d) {
  unsigned now = 0, later = 0, most = 0;
  if (nvml_.mig_mode == nullptr || nvml_.mig_count == nullptr ||
      nvml_.mig_handle == nullptr || nvml_.mig_mode(who, &now, &later) != nvml::success ||
      now == 0 || nvml_.mig_count(who, &most) != nvml::success)
    return;
  for (unsigned i = 0; i < std::min(most, most_devices); ++i) {
    nvml::device part = nullptr;
    if (nvml_.mig_handle(who, i, &part) != nvml::success)
      continue; // none is made there
    questions q{nvml_, part};
    auto& p = d.partitions.emplace_back();
    p.index = i;
    p.instance = q.ask<unsigned>(nvml_.gpu_instance).value_or(0);
    p.name = q.text(nvml_.name);
    p.uuid = q.text(nvml_.uuid);
    std::tie(p.memory_used, p.memory_total) = memory_of(nvml_, q, part);
  }
}

} // namespace conductor
