#include "adapters/gpu/sysfs.hpp"

#include "adapters/gpu/sysfs_files.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

namespace conductor {
namespace {

using namespace sysfs;

constexpr std::array<std::string_view, 3> drivers{"amdgpu", "i915", "xe"};

/// `card0`, and not its connectors `card0-DP-1`.
bool is_card(const std::string& name) {
  return name.size() > 4 && name.starts_with("card") &&
         std::all_of(name.begin() + 4, name.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::optional<std::uint64_t> first_number(const std::vector<std::string>& files) {
  for (const auto& f : files)
    if (auto found = number_in(f))
      return found;
  return std::nullopt;
}

std::optional<double> scaled(std::optional<std::uint64_t> value, double unit) {
  if (!value)
    return std::nullopt;
  return static_cast<double>(*value) * unit;
}

std::optional<std::uint64_t> times(std::optional<std::uint64_t> value,
                                   std::uint64_t unit) {
  return value ? std::optional{*value * unit} : std::nullopt;
}

/// How much of `whole`: a fan may run faster than its best.
std::optional<double> share(std::optional<std::uint64_t> part,
                            std::optional<std::uint64_t> whole) {
  if (!part || !whole || *whole == 0)
    return std::nullopt;
  return std::min(static_cast<double>(*part) / static_cast<double>(*whole), 1.0);
}

/// The folder of the device's sensors; empty: it has none.
std::string sensors_of(const std::string& device) {
  const auto all = names_in(device + "/hwmon");
  return all.empty() ? std::string{} : device + "/hwmon/" + all.front();
}

void look_at_sensors(const std::string& hwmon, gpu_device& d) {
  d.temperature = scaled(number_in(hwmon + "/temp1_input"), 1e-3);
  d.power =
      scaled(first_number({hwmon + "/power1_average", hwmon + "/power1_input"}), 1e-6);
  d.power_limit =
      scaled(first_number({hwmon + "/power1_cap", hwmon + "/power1_max"}), 1e-6);
  d.fan = share(number_in(hwmon + "/fan1_input"), number_in(hwmon + "/fan1_max"));
  if (!d.fan)
    d.fan = share(number_in(hwmon + "/pwm1"), 255);
}

void look_at_amd(const std::string& device, const std::string& hwmon, gpu_device& d) {
  d.utilization = share(number_in(device + "/gpu_busy_percent"), 100);
  d.memory_used = number_in(device + "/mem_info_vram_used");
  d.memory_total = number_in(device + "/mem_info_vram_total");
  d.core_clock = number_in(hwmon + "/freq1_input");
  d.memory_clock = number_in(hwmon + "/freq2_input");
  d.ecc_corrected = count_in(device + "/ras/umc_err_count", "ce");
  d.ecc_uncorrected = count_in(device + "/ras/umc_err_count", "ue");
}

} // namespace

sysfs_probe::sysfs_probe(std::string root) : root_(std::move(root)) {
  find();
  if (cards_.empty())
    throw gpu_unavailable(root_ + "/class/drm has no card of amdgpu, i915 or xe");
}

void sysfs_probe::find() {
  for (auto& [slot, c] : cards_)
    c.folder.clear();
  for (const auto& name : names_in(root_ + "/class/drm")) {
    if (!is_card(name))
      continue;
    const auto folder = root_ + "/class/drm/" + name;
    const auto facts = folder + "/device/uevent";
    const auto driver = value_in(facts, "DRIVER");
    auto slot = value_in(facts, "PCI_SLOT_NAME");
    if (slot.empty())
      slot = name;
    if (std::find(drivers.begin(), drivers.end(), driver) == drivers.end())
      continue;
    const auto [at, is_new] = cards_.try_emplace(slot);
    auto& c = at->second;
    c.folder = folder;
    if (!is_new)
      continue;
    c.index = static_cast<std::uint32_t>(cards_.size() - 1);
    c.driver = driver;
    c.name = text_in(folder + "/device/product_name");
    if (c.name.empty())
      c.name = driver + " " + value_in(facts, "PCI_ID");
    const auto id = text_in(folder + "/device/unique_id");
    c.uuid = id.empty() ? slot : "GPU-" + id;
  }
}

void sysfs_probe::look(gpu_sample& sample) {
  sample.probe = "sysfs";
  find();
  for (auto& [slot, c] : cards_) {
    gpu_device d;
    d.index = c.index;
    d.name = c.name;
    d.uuid = c.uuid;
    d.lost = c.folder.empty();
    if (d.lost)
      d.problem = slot + " is no longer there";
    else if (text_in(c.folder + "/device/power/runtime_status") == "suspended")
      d.utilization = 0; // to ask for more would wake it
    else
      look_at(c, sample.time, d);
    if (sample.driver.find(c.driver) == std::string::npos)
      sample.driver += (sample.driver.empty() ? "" : ", ") + c.driver;
    sample.devices.push_back(std::move(d));
  }
  std::sort(sample.devices.begin(), sample.devices.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
}

void sysfs_probe::look_at(card& c, std::int64_t now, gpu_device& d) {
  const auto device = c.folder + "/device";
  const auto hwmon = sensors_of(device);
  if (!hwmon.empty())
    look_at_sensors(hwmon, d);
  if (c.driver == "amdgpu") {
    look_at_amd(device, hwmon, d);
    return;
  }
  /// What a counter rose by in a millisecond since the last look.
  const auto rate = [now](meter& m, std::optional<std::uint64_t> value) {
    std::optional<double> result;
    if (!value)
      return result;
    const auto v = static_cast<double>(*value);
    if (m.time > 0 && now > m.time && v >= m.value)
      result = (v - m.value) / static_cast<double>(now - m.time);
    m = {v, now};
    return result;
  };
  const auto tile = device + "/tile0";
  if (const auto asleep =
          rate(c.asleep, first_number({c.folder + "/gt/gt0/rc6_residency_ms",
                                       tile + "/gt0/gtidle/idle_residency_ms"})))
    d.utilization = std::clamp(1 - *asleep, 0.0, 1.0);
  if (const auto used = rate(c.energy, number_in(hwmon + "/energy1_input"));
      used && !d.power)
    d.power = *used * 1e-3; // microjoules a millisecond
  d.core_clock =
      times(first_number({c.folder + "/gt/gt0/rps_act_freq_mhz",
                          c.folder + "/gt_act_freq_mhz", tile + "/gt0/freq0/act_freq"}),
            1'000'000);
  d.memory_total = number_in(tile + "/physical_vram_size_bytes");
}

} // namespace conductor
