#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What is known of this machine's GPUs. What a device or its driver cannot tell is
/// empty.
namespace conductor {

/// A process that uses a GPU.
struct gpu_process {
  std::uint32_t pid = 0;
  std::string name; ///< of its program; empty: not to be seen from here
  std::optional<std::uint64_t> memory; ///< bytes of the GPU's
  std::optional<std::uint32_t>
      instance;        ///< of a partitioned GPU: `gpu_partition::instance`
  bool ollama = false; ///< one of Ollama's runners, by its name
};

/// A part of a GPU that is used like one: a MIG device.
struct gpu_partition {
  std::uint32_t index = 0;    ///< among those of its GPU
  std::uint32_t instance = 0; ///< number of the GPU instance
  std::string name;
  std::string uuid;
  std::optional<std::uint64_t> memory_used;  ///< bytes
  std::optional<std::uint64_t> memory_total; ///< bytes
};

/// Why a GPU runs slower than it could. Idleness is none of them.
constexpr std::array<std::string_view, 8> gpu_throttle_reasons{
    "application_clocks", "display_clock", "hw_power_brake", "hw_slowdown",
    "hw_thermal",         "sw_power_cap",  "sw_thermal",     "sync_boost"};

/// One GPU at one moment.
struct gpu_device {
  std::uint32_t index = 0;
  std::string name;
  std::string uuid;
  bool lost = false;   ///< it fell off the bus: nothing else is known of it
  std::string problem; ///< why it tells nothing; empty: it does

  std::optional<double> utilization;         ///< 0 to 1: of the time, something ran
  std::optional<std::uint64_t> memory_used;  ///< bytes
  std::optional<std::uint64_t> memory_total; ///< bytes
  std::optional<double> temperature;         ///< degrees Celsius
  std::optional<double> power;               ///< watts
  std::optional<double> power_limit;         ///< watts
  std::optional<std::uint64_t> core_clock;   ///< hertz, of what computes
  std::optional<std::uint64_t> memory_clock; ///< hertz
  std::optional<double> fan;                 ///< 0 to 1 of its full speed
  /// Those of `gpu_throttle_reasons` that hold.
  std::optional<std::vector<std::string_view>> throttled;
  std::optional<std::uint64_t> ecc_corrected;   ///< errors since the driver was loaded
  std::optional<std::uint64_t> ecc_uncorrected; ///< likewise
  std::optional<std::uint64_t> xid_errors;      ///< since the node looks at it
  std::optional<std::uint64_t> last_xid;        ///< NVIDIA's number of the last one
  std::optional<std::uint64_t> pcie_received;   ///< bytes a second
  std::optional<std::uint64_t> pcie_sent;       ///< bytes a second
  std::optional<std::vector<gpu_process>> processes;
  std::vector<gpu_partition> partitions;
};

/// All GPUs at one moment.
struct gpu_sample {
  std::int64_t time = 0; ///< milliseconds since 1970, UTC
  std::string probe;     ///< `nvml`, `sysfs`, or `none`
  std::string driver;    ///< its version
  std::string problem;   ///< why no GPU is seen; empty where one is
  std::vector<gpu_device> devices;
};
using gpu_sample_ptr = std::shared_ptr<const gpu_sample>;

/// Where a model in memory lies, as its backend tells it.
struct model_placement {
  std::string backend;
  std::string model;
  std::uint64_t size = 0;        ///< bytes
  std::uint64_t size_on_gpu = 0; ///< bytes of these on GPUs
  bool operator==(const model_placement&) const = default;

  /// Part or all of it is computed by the CPU.
  bool spilled() const noexcept { return size_on_gpu < size; }
  /// 0 to 1.
  double gpu_ratio() const noexcept {
    return spilled() ? static_cast<double>(size_on_gpu) / static_cast<double>(size) : 1;
  }
};

/// The models of `now` that the CPU has a part in and that did not lie so `before`, and
/// those that it had a part in and now has none.
std::vector<model_placement> moved_models(const std::vector<model_placement>& before,
                                          const std::vector<model_placement>& now);

/// What GPU MONITOR knows now.
struct gpu_report {
  std::uint64_t number = 0;                ///< counts reports from 1
  gpu_sample_ptr last;                     ///< null: none yet
  bool stale = false;                      ///< the driver does not answer: `last` is old
  std::vector<model_placement> models;     ///< by backend and name
  std::vector<std::string> local_backends; ///< those at this machine's own addresses
};
using gpu_report_ptr = std::shared_ptr<const gpu_report>;

/// One GPU at one moment of the past; NaN: not known.
struct gpu_point {
  std::uint32_t index = 0;
  float utilization = 0; ///< 0 to 1
  float memory_used = 0; ///< MiB
  float temperature = 0; ///< degrees Celsius
  float power = 0;       ///< watts
};
struct gpu_moment {
  std::int64_t time = 0; ///< milliseconds since 1970, UTC
  std::vector<gpu_point> points;
};

/// Asks GPU PROBE to look.
struct gpu_look {};
/// Asks GPU MONITOR what it knows.
struct gpu_query {
  bool history = false;
};
struct gpu_answer {
  gpu_report_ptr now;
  std::vector<gpu_moment> history; ///< the oldest first; empty: not asked for
};
using gpu_answer_ptr = std::shared_ptr<const gpu_answer>;
/// Asks GPU MONITOR for the first report after that one.
struct gpu_follow {
  std::uint64_t after = 0;
};

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::gpu_sample_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::gpu_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::gpu_answer_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::gpu_look)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::gpu_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::gpu_follow)
