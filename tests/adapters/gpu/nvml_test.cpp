#include "adapters/gpu/nvml.hpp"

#include "tests/support/nvml/stub_facts.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace conductor::test {
namespace {

using reasons = std::vector<std::string_view>;

gpu_sample look(nvml_probe& probe) {
  gpu_sample s;
  probe.look(s);
  return s;
}

/// The one device of a library that tells so.
gpu_device only_one(const std::string& facts, const char* library = NVML_STUB_LIBRARY) {
  stub_facts said{facts};
  nvml_probe probe{library};
  const auto s = look(probe);
  EXPECT_EQ(s.devices.size(), 1u);
  return s.devices.at(0);
}

TEST(nvml, tells_every_quantity_in_its_unit) {
  const auto d = only_one("0.name NVIDIA H100\n0.busy 93\n0.memory_used 300\n"
                          "0.memory_total 4000\n0.memory_reserved 50\n0.temperature 61\n"
                          "0.power 412500\n0.power_limit 700000\n0.clock_sm 1980\n"
                          "0.clock_memory 2619\n0.throttle 45\n0.fan 40\n"
                          "0.ecc_corrected 3\n0.ecc_uncorrected 1\n0.pcie_sent 12\n"
                          "0.pcie_received 7\n");
  EXPECT_EQ(d.index, 0u);
  EXPECT_EQ(d.name, "NVIDIA H100");
  EXPECT_EQ(d.uuid, "GPU-stub-0");
  EXPECT_DOUBLE_EQ(d.utilization.value(), 0.93);
  EXPECT_EQ(d.memory_used, 300u);
  EXPECT_EQ(d.memory_total, 4000u);
  EXPECT_EQ(d.temperature, 61);
  EXPECT_DOUBLE_EQ(d.power.value(), 412.5);
  EXPECT_DOUBLE_EQ(d.power_limit.value(), 700);
  EXPECT_EQ(d.core_clock, 1'980'000'000u);
  EXPECT_EQ(d.memory_clock, 2'619'000'000u);
  EXPECT_EQ(d.throttled, (reasons{"sw_power_cap", "hw_slowdown", "sw_thermal"}));
  EXPECT_DOUBLE_EQ(d.fan.value(), 0.4);
  EXPECT_EQ(d.ecc_corrected, 3u);
  EXPECT_EQ(d.ecc_uncorrected, 1u);
  EXPECT_EQ(d.pcie_sent, 12'000u);
  EXPECT_EQ(d.pcie_received, 7'000u);
  EXPECT_EQ(d.xid_errors, 0u);
  EXPECT_FALSE(d.lost);
  EXPECT_EQ(d.problem, "");
}

TEST(nvml, does_not_call_idleness_a_throttle) {
  EXPECT_EQ(only_one("0.throttle 1\n").throttled, reasons{});
}

// Each function of a device fails once; that quantity alone is not known.
TEST(nvml, knows_the_rest_where_one_function_fails) {
  const std::pair<const char*, bool (*)(const gpu_device&)> unknown[]{
      {"nvmlDeviceGetName", [](const gpu_device& d) { return d.name.empty(); }},
      {"nvmlDeviceGetUUID", [](const gpu_device& d) { return d.uuid.empty(); }},
      {"nvmlDeviceGetUtilizationRates",
       [](const gpu_device& d) { return !d.utilization; }},
      {"nvmlDeviceGetTemperature", [](const gpu_device& d) { return !d.temperature; }},
      {"nvmlDeviceGetPowerUsage", [](const gpu_device& d) { return !d.power; }},
      {"nvmlDeviceGetEnforcedPowerLimit",
       [](const gpu_device& d) { return !d.power_limit; }},
      {"nvmlDeviceGetClockInfo",
       [](const gpu_device& d) { return !d.core_clock && !d.memory_clock; }},
      {"nvmlDeviceGetCurrentClocksThrottleReasons",
       [](const gpu_device& d) { return !d.throttled; }},
      {"nvmlDeviceGetFanSpeed", [](const gpu_device& d) { return !d.fan; }},
      {"nvmlDeviceGetTotalEccErrors",
       [](const gpu_device& d) { return !d.ecc_corrected && !d.ecc_uncorrected; }},
      {"nvmlDeviceGetPcieThroughput",
       [](const gpu_device& d) { return !d.pcie_sent && !d.pcie_received; }},
      {"nvmlDeviceRegisterEvents", [](const gpu_device& d) { return !d.xid_errors; }},
      {"nvmlEventSetCreate", [](const gpu_device& d) { return !d.xid_errors; }},
  };
  for (const auto& [function, is_unknown] : unknown) {
    EXPECT_FALSE(is_unknown(only_one(""))) << function;
    const auto d = only_one(std::string{"fail."} + function + " 3\n");
    EXPECT_TRUE(is_unknown(d)) << function;
    EXPECT_TRUE(d.memory_used && (d.temperature || d.power)) << function;
    EXPECT_EQ(d.problem, "");
  }
  const auto old_way = only_one("fail.nvmlDeviceGetMemoryInfo_v2 3\n0.memory_used 9\n"
                                "0.memory_reserved 2\n");
  EXPECT_EQ(old_way.memory_used, 11u) << "the older function counts what is reserved";
  const auto d = only_one("fail.nvmlDeviceGetMemoryInfo_v2 3\n"
                          "fail.nvmlDeviceGetMemoryInfo 3\n");
  EXPECT_FALSE(d.memory_used || d.memory_total);
}

TEST(nvml, tells_which_processes_are_ollamas) {
  const auto d = only_one("0.processes 77 1000 -1 78 18446744073709551615 -1 79 5 -1\n"
                          "0.drawing 77 1000 -1 80 6 -1\n"
                          "program.77 /usr/local/lib/ollama/llama-server\n"
                          "program.78 /usr/bin/python3\n");
  ASSERT_TRUE(d.processes);
  ASSERT_EQ(d.processes->size(), 4u);
  const auto& p = *d.processes;
  EXPECT_EQ(p[0].pid, 77u);
  EXPECT_EQ(p[0].memory, 1000u);
  EXPECT_TRUE(p[0].ollama);
  EXPECT_FALSE(p[0].instance);
  EXPECT_EQ(p[1].name, "/usr/bin/python3");
  EXPECT_FALSE(p[1].ollama);
  EXPECT_EQ(p[2].name, "") << "another container's";
  EXPECT_EQ(p[3].pid, 80u);
}

TEST(nvml, has_no_processes_where_none_run_and_knows_none_where_it_may_not) {
  EXPECT_EQ(only_one("").processes.value().size(), 0u);
  EXPECT_FALSE(only_one("fail.nvmlDeviceGetComputeRunningProcesses_v3 4\n"
                        "fail.nvmlDeviceGetGraphicsRunningProcesses_v3 4\n")
                   .processes);
}

TEST(nvml, takes_more_processes_than_it_first_had_room_for) {
  std::string list;
  for (int i = 1; i <= 40; ++i)
    list += std::to_string(i) + " 10 -1 ";
  EXPECT_EQ(only_one("0.processes " + list + "\n").processes.value().size(), 40u);
}

TEST(nvml, tells_the_mig_devices_of_a_gpu_and_whose_processes_they_have) {
  const auto d = only_one("0.mig 2\n0.memory_used 10\n0.memory_total 40\n"
                          "0.processes 77 1000 7\n");
  ASSERT_EQ(d.partitions.size(), 2u);
  EXPECT_EQ(d.partitions[0].index, 0u);
  EXPECT_EQ(d.partitions[0].instance, 7u);
  EXPECT_EQ(d.partitions[1].instance, 8u);
  EXPECT_EQ(d.partitions[1].uuid, "MIG-stub-0-1");
  EXPECT_EQ(d.partitions[1].memory_total, 40u);
  EXPECT_EQ(d.processes.value().at(0).instance, 7u);
}

TEST(nvml, of_an_old_driver_knows_what_that_knew) {
  const auto d = only_one("0.mig 2\n0.memory_used 10\n0.memory_reserved 5\n"
                          "0.processes 77 1000 -1\nxid 0 31\n",
                          NVML_STUB_OLD_LIBRARY);
  EXPECT_EQ(d.memory_used, 15u);
  EXPECT_TRUE(d.partitions.empty());
  ASSERT_TRUE(d.processes);
  EXPECT_EQ(d.processes->at(0).memory, 1000u);
  EXPECT_FALSE(d.processes->at(0).instance);
  EXPECT_TRUE(d.xid_errors);
}

TEST(nvml, counts_xid_errors_of_each_gpu) {
  stub_facts said{"devices 2\n"};
  nvml_probe probe{NVML_STUB_LIBRARY};
  EXPECT_EQ(look(probe).devices[1].xid_errors, 0u);
  said.say("devices 2\nxid 1 31\nxid 1 79\n");
  auto s = look(probe);
  EXPECT_EQ(s.devices[1].xid_errors, 2u);
  EXPECT_EQ(s.devices[1].last_xid, 79u);
  EXPECT_EQ(s.devices[0].xid_errors, 0u);
  EXPECT_FALSE(s.devices[0].last_xid);
  EXPECT_EQ(look(probe).devices[1].xid_errors, 2u) << "each one counts once";
}

// It falls off the bus: what was known of it is not told any more, the others are.
TEST(nvml, goes_on_with_the_other_gpus_when_one_is_lost) {
  stub_facts said{"devices 3\n1.name Second\n"};
  nvml_probe probe{NVML_STUB_LIBRARY};
  look(probe);
  for (const std::string how : {"devices 3\n1.fail.nvmlDeviceGetPowerUsage 15\n",
                                "devices 3\n1.fail.nvmlDeviceGetHandleByIndex_v2 15\n"}) {
    said.say(how);
    const auto s = look(probe);
    ASSERT_EQ(s.devices.size(), 3u);
    EXPECT_TRUE(s.devices[1].lost) << how;
    EXPECT_EQ(s.devices[1].name, "Second");
    EXPECT_EQ(s.devices[1].uuid, "GPU-stub-1");
    EXPECT_EQ(s.devices[1].problem, "GPU is lost");
    EXPECT_FALSE(s.devices[1].memory_used || s.devices[1].temperature);
    EXPECT_FALSE(s.devices[0].lost || s.devices[2].lost);
    EXPECT_TRUE(s.devices[2].power);
  }
  said.say("devices 3\n");
  EXPECT_FALSE(look(probe).devices[1].lost);
}

TEST(nvml, misses_a_gpu_that_the_driver_no_longer_counts) {
  stub_facts said{"devices 2\n"};
  nvml_probe probe{NVML_STUB_LIBRARY};
  look(probe);
  said.say("devices 1\n");
  const auto s = look(probe);
  ASSERT_EQ(s.devices.size(), 2u);
  EXPECT_TRUE(s.devices[1].lost);
  EXPECT_EQ(s.devices[1].uuid, "GPU-stub-1");
}

TEST(nvml, says_so_of_a_gpu_that_it_may_not_see) {
  const auto d = only_one("0.fail.nvmlDeviceGetHandleByIndex_v2 4\n");
  EXPECT_FALSE(d.lost);
  EXPECT_NE(d.problem, "");
}

std::string why_not(const std::string& facts,
                    const std::string& library = NVML_STUB_LIBRARY) {
  stub_facts said{facts};
  try {
    nvml_probe probe{library};
  } catch (const gpu_unavailable& e) {
    return e.what();
  }
  return "";
}

TEST(nvml, is_not_to_be_had_without_library_driver_or_gpu) {
  EXPECT_EQ(why_not(""), "");
  EXPECT_NE(why_not("", "/none/libnvidia-ml.so.1").find("cannot open"),
            std::string::npos);
  EXPECT_NE(why_not("", "libc.so.6").find("is no NVML"), std::string::npos);
  EXPECT_EQ(why_not("fail.nvmlInit_v2 9\n"), "Driver Not Loaded");
  EXPECT_EQ(why_not("devices 0\n"), "NVML knows of no GPU");
  EXPECT_EQ(why_not("fail.nvmlDeviceGetCount_v2 999\n"), "Unknown Error");
}

TEST(nvml, is_over_when_the_driver_was_reloaded) {
  for (const std::string how :
       {"fail.nvmlDeviceGetCount_v2 1\n", "fail.nvmlDeviceGetHandleByIndex_v2 18\n",
        "fail.nvmlDeviceGetTemperature 9\n"}) {
    stub_facts said{""};
    nvml_probe probe{NVML_STUB_LIBRARY};
    look(probe);
    said.say(how);
    EXPECT_THROW(look(probe), gpu_unavailable) << how;
  }
}

} // namespace
} // namespace conductor::test
