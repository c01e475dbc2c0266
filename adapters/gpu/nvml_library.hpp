#pragma once

#include <string>

/// NVIDIA's management library as far as it is called here, from its public documentation
/// (NVML API Reference): the library is there with the driver, its header is not.
namespace conductor::nvml {

struct device_object;
using device = device_object*;
struct event_set_object;
using event_set = event_set_object*;
using counter = unsigned long long;

/// Those of nvmlReturn_t that something is done about.
enum result : int {
  success = 0,
  uninitialized = 1,
  insufficient_size = 7,
  driver_not_loaded = 9,
  gpu_is_lost = 15,
  version_mismatch = 18
};

/// Values of NVML's enumerations.
constexpr int clock_sm = 1, clock_memory = 2;
constexpr int temperature_of_gpu = 0;
constexpr int ecc_corrected = 0, ecc_uncorrected = 1, since_driver_load = 0;
constexpr int pcie_sent = 0, pcie_received = 1;
constexpr counter xid_event = 8;
constexpr counter not_available = ~counter{0};

struct utilization {
  unsigned gpu, memory; ///< percent
};
struct memory {
  counter total, free, used; ///< bytes; what the driver reserves is in use
};
struct memory_v2 {
  unsigned version;
  counter total, reserved, free, used;
};
constexpr unsigned memory_v2_version = sizeof(memory_v2) | 2u << 24;
struct process_v1 {
  unsigned pid;
  counter memory;
};
/// Of the functions `_v2` and `_v3`.
struct process {
  unsigned pid;
  counter memory; ///< bytes, or `not_available`
  unsigned gpu_instance, compute_instance;
};
/// `_v1` ends before the instances.
struct event {
  nvml::device device;
  counter type, data;
  unsigned gpu_instance, compute_instance;
};

/// The functions, and the library while they are used. Null: this version of the library
/// lacks it. Only these need to be there: init, shutdown, count, handle.
class library {
public:
  /// Throws gpu_unavailable.
  explicit library(const std::string& file);
  ~library();
  library(const library&) = delete;
  library& operator=(const library&) = delete;

  /// What a result means, in NVML's words.
  std::string text_of(int result) const;

private:
  void* handle_;

public:
  int (*init)();
  int (*shutdown)();
  const char* (*error_string)(int);
  int (*driver_version)(char*, unsigned);
  int (*process_name)(unsigned, char*, unsigned);
  int (*count)(unsigned*);
  int (*handle)(unsigned, device*);
  int (*name)(device, char*, unsigned);
  int (*uuid)(device, char*, unsigned);
  int (*utilization_rates)(device, utilization*);
  int (*memory_info)(device, memory*);
  int (*memory_info_v2)(device, memory_v2*);
  int (*temperature)(device, int, unsigned*); ///< degrees Celsius
  int (*power_usage)(device, unsigned*);      ///< milliwatts
  int (*power_limit)(device, unsigned*);      ///< milliwatts, as enforced
  int (*clock_info)(device, int, unsigned*);  ///< MHz
  int (*throttle_reasons)(device, counter*);  ///< bits
  int (*fan_speed)(device, unsigned*);        ///< percent
  int (*ecc_errors)(device, int, int, counter*);
  int (*pcie_throughput)(device, int, unsigned*); ///< KB/s over 20 ms, which it takes
  int (*compute_processes)(device, unsigned*, process*);
  int (*graphics_processes)(device, unsigned*, process*);
  int (*compute_processes_v1)(device, unsigned*, process_v1*);
  int (*mig_mode)(device, unsigned*, unsigned*);
  int (*mig_count)(device, unsigned*);
  int (*mig_handle)(device, unsigned, device*);
  int (*gpu_instance)(device, unsigned*);
  int (*create_events)(event_set*);
  int (*register_events)(device, counter, event_set);
  int (*wait_event)(event_set, event*, unsigned);
  int (*free_events)(event_set);
};

} // namespace conductor::nvml
