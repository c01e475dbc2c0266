#include "adapters/gpu/eye.hpp"
#include "adapters/gpu/sysfs.hpp"
#include "tests/support/nvml/stub_facts.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace conductor::test {
namespace {

/// A folder in the shape of /sys.
class a_sysfs : public ::testing::Test {
protected:
  a_sysfs() {
    std::string name = std::filesystem::temp_directory_path() / "sysfs-XXXXXX";
    root = ::mkdtemp(name.data());
  }
  ~a_sysfs() override { std::filesystem::remove_all(root); }

  void put(const std::string& file, const std::string& text) {
    const auto where = root / "class/drm" / file;
    std::filesystem::create_directories(where.parent_path());
    std::ofstream(where) << text << "\n";
  }
  void put_amd(const std::string& card, const std::string& slot) {
    put(card + "/device/uevent",
        "DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:744C\nPCI_SLOT_NAME=" + slot);
    put(card + "/device/gpu_busy_percent", "87");
    put(card + "/device/mem_info_vram_used", "1000");
    put(card + "/device/mem_info_vram_total", "25753026560");
    put(card + "/device/unique_id", "b35a5c9c8d1d6e3f");
    put(card + "/device/hwmon/hwmon4/temp1_input", "58000");
    put(card + "/device/hwmon/hwmon4/power1_average", "203000000");
    put(card + "/device/hwmon/hwmon4/power1_cap", "327000000");
    put(card + "/device/hwmon/hwmon4/fan1_input", "900");
    put(card + "/device/hwmon/hwmon4/fan1_max", "3600");
    put(card + "/device/hwmon/hwmon4/freq1_input", "2371000000");
    put(card + "/device/hwmon/hwmon4/freq2_input", "1249000000");
    put(card + "/device/ras/umc_err_count", "ue: 2\nce: 5");
  }
  gpu_sample look(sysfs_probe& probe, std::int64_t now = 1000) {
    gpu_sample s;
    s.time = now;
    probe.look(s);
    return s;
  }

  std::filesystem::path root;
};

TEST_F(a_sysfs, tells_what_amdgpu_knows) {
  put_amd("card1", "0000:03:00.0");
  put("card1-DP-1/status", "connected");
  put("renderD128/device/uevent", "DRIVER=amdgpu");
  sysfs_probe probe{root};
  const auto s = look(probe);
  ASSERT_EQ(s.devices.size(), 1u);
  EXPECT_EQ(s.probe, "sysfs");
  EXPECT_EQ(s.driver, "amdgpu");
  const auto& d = s.devices[0];
  EXPECT_EQ(d.index, 0u);
  EXPECT_EQ(d.name, "amdgpu 1002:744C");
  EXPECT_EQ(d.uuid, "GPU-b35a5c9c8d1d6e3f");
  EXPECT_DOUBLE_EQ(d.utilization.value(), 0.87);
  EXPECT_EQ(d.memory_used, 1000u);
  EXPECT_EQ(d.memory_total, 25'753'026'560u);
  EXPECT_DOUBLE_EQ(d.temperature.value(), 58);
  EXPECT_DOUBLE_EQ(d.power.value(), 203);
  EXPECT_DOUBLE_EQ(d.power_limit.value(), 327);
  EXPECT_DOUBLE_EQ(d.fan.value(), 0.25);
  EXPECT_EQ(d.core_clock, 2'371'000'000u);
  EXPECT_EQ(d.memory_clock, 1'249'000'000u);
  EXPECT_EQ(d.ecc_corrected, 5u);
  EXPECT_EQ(d.ecc_uncorrected, 2u);
  EXPECT_FALSE(d.processes || d.xid_errors || d.throttled);
}

TEST_F(a_sysfs, tells_a_gpu_that_took_anothers_place_from_it) {
  put_amd("card0", "0000:03:00.0");
  sysfs_probe probe{root};
  put_amd("card0", "0000:04:00.0");
  const auto s = look(probe);
  ASSERT_EQ(s.devices.size(), 2u);
  EXPECT_EQ(s.devices[0].problem, "0000:03:00.0 is no longer there");
  EXPECT_FALSE(s.devices[1].lost);
}

TEST_F(a_sysfs, tells_no_share_of_more_than_all) {
  put_amd("card0", "0000:03:00.0");
  put("card0/device/gpu_busy_percent", "744");
  put("card0/device/hwmon/hwmon4/fan1_input", "3700");
  put_amd("card1", "0000:04:00.0");
  std::filesystem::remove(root / "class/drm/card1/device/hwmon/hwmon4/fan1_max");
  put("card1/device/hwmon/hwmon4/pwm1", "744");
  sysfs_probe probe{root};
  const auto s = look(probe);
  ASSERT_EQ(s.devices.size(), 2u);
  EXPECT_EQ(s.devices[0].utilization, 1.0);
  EXPECT_EQ(s.devices[0].fan, 1.0);
  EXPECT_EQ(s.devices[1].fan, 1.0);
}

TEST_F(a_sysfs, leaves_unknown_what_the_kernel_does_not_tell) {
  put("card0/device/uevent", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0");
  put("card0/device/gpu_busy_percent", "busy");
  sysfs_probe probe{root};
  const auto d = look(probe).devices.at(0);
  EXPECT_FALSE(d.utilization || d.memory_used || d.temperature || d.power || d.fan ||
               d.core_clock || d.ecc_corrected);
  EXPECT_FALSE(d.lost);
  EXPECT_EQ(d.uuid, "0000:03:00.0");
}

TEST_F(a_sysfs, tells_a_share_of_time_and_power_of_intels_gpus_from_the_second_look_on) {
  put("card0/device/uevent", "DRIVER=i915\nPCI_ID=8086:56A0\nPCI_SLOT_NAME=0000:00:02.0");
  put("card0/gt/gt0/rc6_residency_ms", "10000");
  put("card0/gt/gt0/rps_act_freq_mhz", "2100");
  put("card0/device/hwmon/hwmon2/energy1_input", "5000000");
  sysfs_probe probe{root};
  EXPECT_FALSE(look(probe, 1000).devices.at(0).utilization);
  put("card0/gt/gt0/rc6_residency_ms", "10250");
  put("card0/device/hwmon/hwmon2/energy1_input", "35000000");
  const auto d = look(probe, 2000).devices.at(0);
  EXPECT_DOUBLE_EQ(d.utilization.value(), 0.75);
  EXPECT_DOUBLE_EQ(d.power.value(), 30);
  EXPECT_EQ(d.core_clock, 2'100'000'000u);
}

TEST_F(a_sysfs, reads_the_files_of_xe) {
  put("card0/device/uevent", "DRIVER=xe\nPCI_ID=8086:E20B\nPCI_SLOT_NAME=0000:04:00.0");
  put("card0/device/tile0/gt0/gtidle/idle_residency_ms", "100");
  put("card0/device/tile0/gt0/freq0/act_freq", "2850");
  put("card0/device/tile0/physical_vram_size_bytes", "0x2f8000000");
  sysfs_probe probe{root};
  look(probe, 1000);
  put("card0/device/tile0/gt0/gtidle/idle_residency_ms", "1100");
  const auto d = look(probe, 2000).devices.at(0);
  EXPECT_DOUBLE_EQ(d.utilization.value(), 0);
  EXPECT_EQ(d.core_clock, 2'850'000'000u);
  EXPECT_EQ(d.memory_total, 0x2f8000000u);
}

TEST_F(a_sysfs, misses_a_card_that_is_no_longer_there_and_goes_on) {
  put_amd("card0", "0000:03:00.0");
  put_amd("card1", "0000:43:00.0");
  sysfs_probe probe{root};
  EXPECT_EQ(look(probe).devices.size(), 2u);
  std::filesystem::remove_all(root / "class/drm/card0");
  const auto s = look(probe);
  ASSERT_EQ(s.devices.size(), 2u);
  EXPECT_TRUE(s.devices[0].lost);
  EXPECT_NE(s.devices[0].problem.find("0000:03:00.0"), std::string::npos);
  EXPECT_FALSE(s.devices[1].lost);
  EXPECT_TRUE(s.devices[1].power);
}

TEST_F(a_sysfs, does_not_wake_a_card_that_sleeps) {
  put_amd("card0", "0000:03:00.0");
  put("card0/device/power/runtime_status", "suspended");
  sysfs_probe probe{root};
  const auto d = look(probe).devices.at(0);
  EXPECT_EQ(d.utilization, 0);
  EXPECT_FALSE(d.temperature || d.power);
}

TEST_F(a_sysfs, is_not_to_be_had_where_no_card_is_of_a_known_driver) {
  put("card0/device/uevent", "DRIVER=ast");
  EXPECT_THROW(sysfs_probe{root}, gpu_unavailable);
  EXPECT_THROW(sysfs_probe{(root / "none").string()}, gpu_unavailable);
}

gpu_settings how(gpu_probe_kind kind) {
  gpu_settings s;
  s.probe = kind;
  s.library = NVML_STUB_LIBRARY;
  return s;
}

TEST_F(a_sysfs, is_looked_at_where_nvml_sees_nothing) {
  put_amd("card0", "0000:03:00.0");
  stub_facts said{"devices 0\n"};
  gpu_eye eye{how(gpu_probe_kind::any), root};
  EXPECT_EQ(eye.look(1000).probe, "sysfs");
  said.say("");
  gpu_eye other{how(gpu_probe_kind::any), root};
  EXPECT_EQ(other.look(1000).probe, "nvml");
  gpu_eye told{how(gpu_probe_kind::sysfs), root};
  EXPECT_EQ(told.look(1000).probe, "sysfs");
}

TEST_F(a_sysfs, is_said_to_be_empty_where_there_is_no_gpu_at_all) {
  stub_facts said{"fail.nvmlInit_v2 9\n"};
  gpu_eye eye{how(gpu_probe_kind::any), root};
  const auto s = eye.look(1000);
  EXPECT_EQ(s.probe, "none");
  EXPECT_TRUE(s.devices.empty());
  EXPECT_EQ(s.time, 1000);
  EXPECT_EQ(s.problem, "NVML: Driver Not Loaded; " + (root / "class/drm").string() +
                           " has no card of amdgpu, i915 or xe");
  gpu_eye none{how(gpu_probe_kind::none), root};
  EXPECT_EQ(none.look(1000).problem, "gpu.probe is none");
}

// The driver is reloaded: it is lost first, and found again later.
TEST_F(a_sysfs, is_not_needed_when_nvml_comes_back) {
  stub_facts said{""};
  gpu_eye eye{how(gpu_probe_kind::nvml), root};
  EXPECT_EQ(eye.look(1'000).probe, "nvml");
  said.say("fail.nvmlInit_v2 9\nfail.nvmlDeviceGetCount_v2 1\n");
  EXPECT_EQ(eye.look(2'000).problem, "the driver was lost: Uninitialized");
  said.say("");
  EXPECT_EQ(eye.look(31'999).probe, "none") << "not tried at every look";
  EXPECT_EQ(eye.look(32'000).probe, "nvml");
}

} // namespace
} // namespace conductor::test
