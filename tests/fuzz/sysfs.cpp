// Whatever the kernel's files of a GPU hold, a share is one and what is unknown stays so.
#include "adapters/gpu/sysfs.hpp"
#include "tests/fuzz/pieces.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

using namespace conductor;
namespace fs = std::filesystem;

namespace {

/// Those of one card; the first says whose it is.
constexpr std::array<std::string_view, 19> names{"device/uevent",
                                                 "device/gpu_busy_percent",
                                                 "device/mem_info_vram_used",
                                                 "device/mem_info_vram_total",
                                                 "device/ras/umc_err_count",
                                                 "device/product_name",
                                                 "device/unique_id",
                                                 "device/power/runtime_status",
                                                 "device/hwmon/hwmon1/temp1_input",
                                                 "device/hwmon/hwmon1/power1_average",
                                                 "device/hwmon/hwmon1/power1_cap",
                                                 "device/hwmon/hwmon1/fan1_input",
                                                 "device/hwmon/hwmon1/fan1_max",
                                                 "device/hwmon/hwmon1/pwm1",
                                                 "device/hwmon/hwmon1/energy1_input",
                                                 "device/tile0/physical_vram_size_bytes",
                                                 "gt/gt0/rc6_residency_ms",
                                                 "gt/gt0/rps_act_freq_mhz",
                                                 "gt_act_freq_mhz"};

/// A folder in the shape of /sys, in memory where that can be.
class card {
public:
  card() {
    std::string name = fs::is_directory("/dev/shm") ? "/dev/shm/conductor-fuzz-XXXXXX"
                                                    : "/tmp/conductor-fuzz-XXXXXX";
    root_ = ::mkdtemp(name.data());
    for (const auto n : names)
      fs::create_directories(file(n).parent_path());
  }
  ~card() { fs::remove_all(root_); }

  const fs::path& root() const { return root_; }
  /// Files as they stand in `text`, one behind the other with a zero byte between; empty:
  /// there is no such file. What is left of it.
  std::string_view hold(std::string_view text) {
    for (const auto n : names) {
      const auto value = text.substr(0, text.find('\0'));
      text.remove_prefix(std::min(value.size() + 1, text.size()));
      if (value.empty())
        fs::remove(file(n));
      else
        std::ofstream(file(n)) << value;
    }
    return text;
  }

private:
  fs::path file(std::string_view name) const { return root_ / "class/drm/card0" / name; }
  fs::path root_;
};

bool is_share(const std::optional<double>& value) {
  return !value || (*value >= 0 && *value <= 1);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static card files;
  std::string_view text{reinterpret_cast<const char*>(data), size};
  text = files.hold(text);
  try {
    sysfs_probe probe{files.root()};
    for (std::int64_t now = 1; now <= 2; ++now) {
      gpu_sample s;
      s.time = now * 1000;
      probe.look(s);
      fuzz::must(!s.devices.empty());
      for (const auto& d : s.devices) {
        fuzz::must(is_share(d.utilization) && is_share(d.fan));
        fuzz::must(!d.power || *d.power >= 0);
        fuzz::must(d.lost == !d.problem.empty());
        fuzz::must(!d.uuid.empty() && !d.name.empty());
      }
      fuzz::must(std::count_if(s.devices.begin(), s.devices.end(),
                               [](const auto& d) { return !d.lost; }) <= 1);
      text = files.hold(text);
    }
  } catch (const gpu_unavailable&) { // no driver that is known
  }
  return 0;
}
