#include "adapters/gpu/nvml_library.hpp"

#include "adapters/gpu/probe.hpp"

#include <dlfcn.h>

#include <initializer_list>

namespace conductor::nvml {
namespace {

std::string dl_error() {
  const auto* text = ::dlerror();
  return text == nullptr ? "unknown error" : text;
}

void* opened(const std::string& file) {
  auto* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    throw gpu_unavailable(dl_error());
  return handle;
}

/// A function under the first of these names that the library has.
struct function {
  void* handle;
  std::initializer_list<const char*> names;

  template <class F>
  operator F*() const {
    for (const auto* name : names)
      if (auto* found = ::dlsym(handle, name); found != nullptr)
        return reinterpret_cast<F*>(found);
    return nullptr;
  }
};

} // namespace

library::library(const std::string& file)
    : handle_(opened(file))
    , init(function{handle_, {"nvmlInit_v2"}})
    , shutdown(function{handle_, {"nvmlShutdown"}})
    , error_string(function{handle_, {"nvmlErrorString"}})
    , driver_version(function{handle_, {"nvmlSystemGetDriverVersion"}})
    , process_name(function{handle_, {"nvmlSystemGetProcessName"}})
    , count(function{handle_, {"nvmlDeviceGetCount_v2"}})
    , handle(function{handle_, {"nvmlDeviceGetHandleByIndex_v2"}})
    , name(function{handle_, {"nvmlDeviceGetName"}})
    , uuid(function{handle_, {"nvmlDeviceGetUUID"}})
    , utilization_rates(function{handle_, {"nvmlDeviceGetUtilizationRates"}})
    , memory_info(function{handle_, {"nvmlDeviceGetMemoryInfo"}})
    , memory_info_v2(function{handle_, {"nvmlDeviceGetMemoryInfo_v2"}})
    , temperature(function{handle_, {"nvmlDeviceGetTemperature"}})
    , power_usage(function{handle_, {"nvmlDeviceGetPowerUsage"}})
    , power_limit(function{
          handle_,
          {"nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetPowerManagementLimit"}})
    , clock_info(function{handle_, {"nvmlDeviceGetClockInfo"}})
    , throttle_reasons(function{handle_,
                                {"nvmlDeviceGetCurrentClocksEventReasons",
                                 "nvmlDeviceGetCurrentClocksThrottleReasons"}})
    , fan_speed(function{handle_, {"nvmlDeviceGetFanSpeed"}})
    , ecc_errors(function{handle_, {"nvmlDeviceGetTotalEccErrors"}})
    , pcie_throughput(function{handle_, {"nvmlDeviceGetPcieThroughput"}})
    , compute_processes(function{handle_,
                                 {"nvmlDeviceGetComputeRunningProcesses_v3",
                                  "nvmlDeviceGetComputeRunningProcesses_v2"}})
    , graphics_processes(function{handle_,
                                  {"nvmlDeviceGetGraphicsRunningProcesses_v3",
                                   "nvmlDeviceGetGraphicsRunningProcesses_v2"}})
    , compute_processes_v1(function{handle_, {"nvmlDeviceGetComputeRunningProcesses"}})
    , mig_mode(function{handle_, {"nvmlDeviceGetMigMode"}})
    , mig_count(function{handle_, {"nvmlDeviceGetMaxMigDeviceCount"}})
    , mig_handle(function{handle_, {"nvmlDeviceGetMigDeviceHandleByIndex"}})
    , gpu_instance(function{handle_, {"nvmlDeviceGetGpuInstanceId"}})
    , create_events(function{handle_, {"nvmlEventSetCreate"}})
    , register_events(function{handle_, {"nvmlDeviceRegisterEvents"}})
    , wait_event(function{handle_, {"nvmlEventSetWait_v2", "nvmlEventSetWait"}})
    , free_events(function{handle_, {"nvmlEventSetFree"}}) {
  if (init != nullptr && shutdown != nullptr && count != nullptr && handle != nullptr)
    return;
  ::dlclose(handle_);
  throw gpu_unavailable(file + " is no NVML, or one that is too old");
}

library::~library() {
  ::dlclose(handle_);
}

std::string library::text_of(int result) const {
  return error_string == nullptr ? "NVML's error " + std::to_string(result)
                                 : error_string(result);
}

} // namespace conductor::nvml
