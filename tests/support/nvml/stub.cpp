// A library with NVML's ABI that tells what a file says: the driver that tests need. The
// environment variable NVML_STUB names the file, which is read anew with each call, so
// that a test changes the GPUs by writing it. One fact a line, `KEY VALUE`; what is not
// said has a default:
//   devices 2              how many there are
//   0.name NVIDIA H100     and uuid, busy, memory_used, memory_total, memory_reserved,
//   0.temperature 45       power, power_limit, clock_sm, clock_memory, throttle (bits),
//                          fan, ecc_corrected, ecc_uncorrected, pcie_sent, pcie_received
//   0.processes 77 1000 3  pid, bytes, GPU instance; more of them behind that
//   0.mig 2                MIG devices
//   program.77 /bin/x      the name of a process
//   xid 0 79               an event of that device, told once
//   fail.FUNCTION 3        it answers with that code; 0.fail.FUNCTION: for that device
//   hang FUNCTION          it does not return while the file says so
// Built with NVML_STUB_OLD it lacks what came with later drivers.

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using counter = unsigned long long;
constexpr int success = 0, uninitialized = 1, invalid = 2, not_supported = 3,
              not_found = 6, insufficient = 7, timed_out = 10, lost = 15;
constexpr unsigned most = 64;

/// A handle: a GPU, or a MIG device of one.
struct device_object {
  unsigned gpu, part;
};
device_object gpus[most];
[[maybe_unused]] device_object parts[most][8];
using device = device_object*;

struct events_object {
  std::vector<unsigned> watched;
} the_events;
std::size_t events_told = 0;
int begun = 0;

using facts = std::vector<std::pair<std::string, std::string>>;

facts read() {
  facts all;
  const char* file = std::getenv("NVML_STUB");
  std::ifstream in(file == nullptr ? "" : file);
  for (std::string line; std::getline(in, line);)
    if (const auto space = line.find(' '); space != std::string::npos)
      all.emplace_back(line.substr(0, space), line.substr(space + 1));
  return all;
}

std::string text(const std::string& key, const std::string& otherwise) {
  for (const auto& [k, v] : read())
    if (k == key)
      return v;
  return otherwise;
}

counter number(const std::string& key, counter otherwise) {
  const auto t = text(key, "");
  return t.empty() ? otherwise : std::strtoull(t.c_str(), nullptr, 10);
}

std::string of(device d, const std::string& fact) {
  return std::to_string(d->gpu) + "." + fact;
}

/// Every call comes through here: hangs, fails, or goes on.
int call(const std::string& function, device d = nullptr) {
  while (text("hang", "") == function)
    ::usleep(2000);
  if (begun == 0)
    return uninitialized;
  if (const auto code = number("fail." + function, success); code != success)
    return static_cast<int>(code);
  if (d == nullptr)
    return success;
  return static_cast<int>(number(of(d, "fail." + function), success));
}

int copy(const std::string& from, char* to, unsigned length) {
  if (from.size() >= length)
    return insufficient;
  std::memcpy(to, from.c_str(), from.size() + 1);
  return success;
}

template <class Value>
int tell(const char* function, device d, const char* fact, counter otherwise, Value* to) {
  const auto result = call(function, d);
  if (result == success)
    *to = static_cast<Value>(number(of(d, fact), otherwise));
  return result;
}

struct process_v1 {
  unsigned pid;
  counter memory;
};
struct process_v2 {
  unsigned pid;
  counter memory;
  unsigned gpu_instance, compute_instance;
};

std::vector<process_v2> processes(device d, const char* list) {
  std::istringstream in(text(of(d, list), ""));
  std::vector<process_v2> all;
  unsigned pid = 0;
  counter memory = 0;
  int instance = 0; // -1: none
  while (in >> pid >> memory >> instance)
    all.push_back(
        {pid, memory, static_cast<unsigned>(instance), static_cast<unsigned>(instance)});
  return all;
}

template <class Process>
int list(const char* function, device d, const char* which, unsigned* count,
         Process* to) {
  if (const auto result = call(function, d); result != success)
    return result;
  const auto all = processes(d, which);
  const auto room = std::exchange(*count, static_cast<unsigned>(all.size()));
  if (all.size() > room)
    return insufficient;
  for (std::size_t i = 0; i < all.size(); ++i) {
    to[i].pid = all[i].pid;
    to[i].memory = all[i].memory;
    if constexpr (sizeof(Process) == sizeof(process_v2)) {
      to[i].gpu_instance = all[i].gpu_instance;
      to[i].compute_instance = all[i].compute_instance;
    }
  }
  return success;
}

} // namespace

extern "C" {

int nvmlInit_v2() {
  ++begun;
  const auto result = call("nvmlInit_v2");
  if (result != success)
    --begun;
  return result;
}
int nvmlShutdown() {
  --begun;
  return success;
}
const char* nvmlErrorString(int result) {
  switch (result) {
  case uninitialized:
    return "Uninitialized";
  case not_supported:
    return "Not Supported";
  case lost:
    return "GPU is lost";
  case 9:
    return "Driver Not Loaded";
  default:
    return "Unknown Error";
  }
}
int nvmlSystemGetDriverVersion(char* to, unsigned length) {
  const auto result = call("nvmlSystemGetDriverVersion");
  return result == success ? copy(text("driver", "550.54.15"), to, length) : result;
}
int nvmlSystemGetProcessName(unsigned pid, char* to, unsigned length) {
  if (const auto result = call("nvmlSystemGetProcessName"); result != success)
    return result;
  const auto name = text("program." + std::to_string(pid), "");
  return name.empty() ? not_found : copy(name, to, length);
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  const auto result = call("nvmlDeviceGetCount_v2");
  *count = static_cast<unsigned>(number("devices", 1));
  return result;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, device* to) {
  if (index >= most || index >= number("devices", 1))
    return invalid;
  gpus[index].gpu = index;
  *to = &gpus[index];
  return call("nvmlDeviceGetHandleByIndex_v2", *to);
}
int nvmlDeviceGetName(device d, char* to, unsigned length) {
  const auto result = call("nvmlDeviceGetName", d);
  return result == success ? copy(text(of(d, "name"), "NVIDIA Stub"), to, length)
                           : result;
}
int nvmlDeviceGetUUID(device d, char* to, unsigned length) {
  const auto result = call("nvmlDeviceGetUUID", d);
  const auto uuid = d->part > 0 ? "MIG-stub-" + std::to_string(d->gpu) + "-" +
                                      std::to_string(d->part - 1)
                                : "GPU-stub-" + std::to_string(d->gpu);
  return result == success ? copy(uuid, to, length) : result;
}
int nvmlDeviceGetUtilizationRates(device d, unsigned* to) {
  to[1] = 0;
  return tell("nvmlDeviceGetUtilizationRates", d, "busy", 0, to);
}
int nvmlDeviceGetMemoryInfo(device d, counter* to) {
  const auto result = call("nvmlDeviceGetMemoryInfo", d);
  to[0] = number(of(d, "memory_total"), 1000);
  to[2] = number(of(d, "memory_used"), 100) + number(of(d, "memory_reserved"), 0);
  to[1] = to[0] - to[2];
  return result;
}
int nvmlDeviceGetTemperature(device d, int sensor, unsigned* to) {
  return sensor != 0 ? invalid
                     : tell("nvmlDeviceGetTemperature", d, "temperature", 40, to);
}
int nvmlDeviceGetPowerUsage(device d, unsigned* to) {
  return tell("nvmlDeviceGetPowerUsage", d, "power", 70'000, to);
}
int nvmlDeviceGetEnforcedPowerLimit(device d, unsigned* to) {
  return tell("nvmlDeviceGetEnforcedPowerLimit", d, "power_limit", 700'000, to);
}
int nvmlDeviceGetClockInfo(device d, int domain, unsigned* to) {
  if (domain != 1 && domain != 2)
    return invalid;
  return tell("nvmlDeviceGetClockInfo", d, domain == 1 ? "clock_sm" : "clock_memory",
              1000, to);
}
int nvmlDeviceGetCurrentClocksThrottleReasons(device d, counter* to) {
  return tell("nvmlDeviceGetCurrentClocksThrottleReasons", d, "throttle", 1, to);
}
int nvmlDeviceGetFanSpeed(device d, unsigned* to) {
  return tell("nvmlDeviceGetFanSpeed", d, "fan", 30, to);
}
int nvmlDeviceGetTotalEccErrors(device d, int kind, int since, counter* to) {
  if (since != 0)
    return invalid;
  return tell("nvmlDeviceGetTotalEccErrors", d,
              kind == 0 ? "ecc_corrected" : "ecc_uncorrected", 0, to);
}
int nvmlDeviceGetPcieThroughput(device d, int which, unsigned* to) {
  return tell("nvmlDeviceGetPcieThroughput", d,
              which == 0 ? "pcie_sent" : "pcie_received", 0, to);
}
int nvmlDeviceGetComputeRunningProcesses(device d, unsigned* count, process_v1* to) {
  return list("nvmlDeviceGetComputeRunningProcesses", d, "processes", count, to);
}
int nvmlEventSetCreate(events_object** to) {
  *to = &the_events;
  return call("nvmlEventSetCreate");
}
int nvmlDeviceRegisterEvents(device d, counter kinds, events_object* set) {
  const auto result = call("nvmlDeviceRegisterEvents", d);
  if (result == success && (kinds & 8) != 0)
    set->watched.push_back(d->gpu);
  return result;
}
struct event_v1 {
  device who;
  counter type, data;
};
int nvmlEventSetWait(events_object* set, event_v1* to, unsigned) {
  if (const auto result = call("nvmlEventSetWait"); result != success)
    return result;
  std::size_t n = 0;
  for (const auto& [key, value] : read()) {
    std::istringstream in(value);
    unsigned gpu = 0;
    counter code = 0;
    if (key != "xid" || !(in >> gpu >> code) || n++ < events_told)
      continue;
    ++events_told;
    for (const auto w : set->watched)
      if (w == gpu) {
        *to = {&gpus[gpu], 8, code};
        return success;
      }
  }
  return timed_out;
}
int nvmlEventSetFree(events_object* set) {
  set->watched.clear();
  events_told = 0;
  return success;
}

#ifndef NVML_STUB_OLD
struct memory_v2 {
  unsigned version;
  counter total, reserved, free, used;
};
int nvmlDeviceGetMemoryInfo_v2(device d, memory_v2* to) {
  if (to->version != (sizeof(memory_v2) | 2u << 24))
    return 25;
  const auto result = call("nvmlDeviceGetMemoryInfo_v2", d);
  to->total = number(of(d, "memory_total"), 1000);
  to->reserved = number(of(d, "memory_reserved"), 0);
  to->used = number(of(d, "memory_used"), 100);
  to->free = to->total - to->reserved - to->used;
  return result;
}
int nvmlDeviceGetComputeRunningProcesses_v3(device d, unsigned* count, process_v2* to) {
  return list("nvmlDeviceGetComputeRunningProcesses_v3", d, "processes", count, to);
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(device d, unsigned* count, process_v2* to) {
  return list("nvmlDeviceGetGraphicsRunningProcesses_v3", d, "drawing", count, to);
}
int nvmlDeviceGetMigMode(device d, unsigned* now, unsigned* later) {
  const auto result = call("nvmlDeviceGetMigMode", d);
  *now = *later = number(of(d, "mig"), 0) > 0 ? 1 : 0;
  return result;
}
int nvmlDeviceGetMaxMigDeviceCount(device d, unsigned* count) {
  *count = 7;
  return call("nvmlDeviceGetMaxMigDeviceCount", d);
}
int nvmlDeviceGetMigDeviceHandleByIndex(device d, unsigned index, device* to) {
  if (index >= number(of(d, "mig"), 0))
    return not_found;
  parts[d->gpu][index] = {d->gpu, index + 1};
  *to = &parts[d->gpu][index];
  return call("nvmlDeviceGetMigDeviceHandleByIndex", d);
}
int nvmlDeviceGetGpuInstanceId(device d, unsigned* to) {
  *to = d->part + 6; // no driver numbers them from 0
  return call("nvmlDeviceGetGpuInstanceId", d);
}
int nvmlEventSetWait_v2(events_object* set, event_v1* to, unsigned timeout) {
  return nvmlEventSetWait(set, to, timeout);
}
#endif

} // extern "C"
