#include "adapters/metrics/gpu_series.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace conductor {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::size_t most_models = 64;   // of one backend
constexpr std::size_t most_programs = 16; // of one GPU

struct label {
  const char* name;
  std::string value;
};
using labels = std::initializer_list<label>;

/// One family that grows; a value that is not known is left out.
class family {
public:
  family(const char* name, const char* help, MetricType type = MetricType::Gauge) {
    made_.name = name;
    made_.help = help;
    made_.type = type;
  }
  void add(labels of, double value) {
    auto& m = made_.metric.emplace_back();
    for (const auto& l : of)
      m.label.push_back({l.name, l.value});
    (made_.type == MetricType::Counter ? m.counter.value : m.gauge.value) = value;
  }
  template <class Value>
  void add(labels of, const std::optional<Value>& value) {
    if (value)
      add(of, static_cast<double>(*value));
  }
  void move_to(std::vector<MetricFamily>& all) {
    if (!made_.metric.empty())
      all.push_back(std::move(made_));
  }

private:
  MetricFamily made_;
};

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& n : names)
    all += (all.empty() ? "" : ",") + n;
  return all;
}

std::string program_of(const gpu_process& p) {
  return p.name.empty() ? "unknown" : p.name.substr(p.name.rfind('/') + 1);
}

/// The families of GPUs, filled device by device.
struct gpu_families {
  family info{"conductor_gpu_info",
              "1 for each GPU, with its name and the Ollama servers of this machine."};
  family up{"conductor_gpu_up", "1 while the GPU answers; 0: it is lost, or its driver "
                                "hangs."};
  family busy{"conductor_gpu_utilization_ratio", "Part of the time that it was at work."};
  family used{"conductor_gpu_memory_used_bytes", "Memory in use."};
  family total{"conductor_gpu_memory_total_bytes", "Memory in all."};
  family temperature{"conductor_gpu_temperature_celsius", "Temperature."};
  family power{"conductor_gpu_power_watts", "Power drawn."};
  family limit{"conductor_gpu_power_limit_watts", "Power that it may draw."};
  family clock{"conductor_gpu_clock_hertz", "Clocks, of what computes and of memory."};
  family throttled{"conductor_gpu_throttled",
                   "1 while the clock is held down for that reason."};
  family fan{"conductor_gpu_fan_ratio", "Part of the fan's full speed."};
  family ecc{"conductor_gpu_ecc_errors_total",
             "Memory errors since the driver was loaded.", MetricType::Counter};
  family xid{"conductor_gpu_xid_errors_total",
             "Errors that the driver reported (NVIDIA's XID) since the node looks.",
             MetricType::Counter};
  family pcie{"conductor_gpu_pcie_bytes_per_second", "Traffic on the bus."};
  family process{"conductor_gpu_process_memory_bytes",
                 "Memory of processes, by program."};

  void add(const gpu_device& d, const gpu_report& now);
  void add_values(const gpu_device& d);
  void add_processes(const gpu_device& d);
  void move_to(std::vector<MetricFamily>& all) {
    for (auto* f : {&info, &up, &busy, &used, &total, &temperature, &power, &limit,
                    &clock, &throttled, &fan, &ecc, &xid, &pcie, &process})
      f->move_to(all);
  }
};

void gpu_families::add(const gpu_device& d, const gpu_report& now) {
  const auto gpu = std::to_string(d.index);
  const auto backends = joined(now.local_backends);
  info.add({{"gpu", gpu},
            {"name", d.name},
            {"uuid", d.uuid},
            {"driver", now.last->driver},
            {"backend", backends}},
           1);
  const bool answers = !now.stale && !d.lost && d.problem.empty();
  up.add({{"gpu", gpu}}, answers ? 1 : 0);
  xid.add({{"gpu", gpu}}, d.xid_errors); // the last one may be why it is lost
  if (!answers)
    return; // what is old is no value
  for (const auto& p : d.partitions)
    info.add({{"gpu", gpu + ":" + std::to_string(p.index)},
              {"name", p.name},
              {"uuid", p.uuid},
              {"driver", now.last->driver},
              {"backend", backends}},
             1);
  add_values(d);
  add_processes(d);
}

void gpu_families::add_values(const gpu_device& d) {
  const auto gpu = std::to_string(d.index);
  busy.add({{"gpu", gpu}}, d.utilization);
  // Memory of MIG devices stands for that of their GPU, so that a sum counts it once.
  for (const auto& p : d.partitions) {
    const auto part = gpu + ":" + std::to_string(p.index);
    used.add({{"gpu", part}}, p.memory_used);
    total.add({{"gpu", part}}, p.memory_total);
  }
  if (d.partitions.empty()) {
    used.add({{"gpu", gpu}}, d.memory_used);
    total.add({{"gpu", gpu}}, d.memory_total);
  }
  temperature.add({{"gpu", gpu}}, d.temperature);
  power.add({{"gpu", gpu}}, d.power);
  limit.add({{"gpu", gpu}}, d.power_limit);
  clock.add({{"gpu", gpu}, {"clock", "sm"}}, d.core_clock);
  clock.add({{"gpu", gpu}, {"clock", "memory"}}, d.memory_clock);
  if (d.throttled)
    for (const auto reason : gpu_throttle_reasons) {
      const auto& all = *d.throttled;
      const bool holds = std::find(all.begin(), all.end(), reason) != all.end();
      throttled.add({{"gpu", gpu}, {"reason", std::string{reason}}}, holds ? 1 : 0);
    }
  fan.add({{"gpu", gpu}}, d.fan);
  ecc.add({{"gpu", gpu}, {"kind", "corrected"}}, d.ecc_corrected);
  ecc.add({{"gpu", gpu}, {"kind", "uncorrected"}}, d.ecc_uncorrected);
  pcie.add({{"gpu", gpu}, {"direction", "rx"}}, d.pcie_received);
  pcie.add({{"gpu", gpu}, {"direction", "tx"}}, d.pcie_sent);
}

void gpu_families::add_processes(const gpu_device& d) {
  if (!d.processes)
    return;
  std::map<std::string, std::uint64_t> by_program;
  for (const auto& p : *d.processes)
    if (p.memory) {
      auto program = program_of(p);
      if (by_program.size() >= most_programs && !by_program.contains(program))
        program = "other";
      by_program[program] += *p.memory;
    }
  for (const auto& [program, bytes] : by_program)
    process.add({{"gpu", std::to_string(d.index)}, {"process", program}},
                static_cast<double>(bytes));
}

/// Models by backend and name; those beyond the limit are one.
std::vector<model_placement> bounded(const std::vector<model_placement>& models) {
  std::vector<model_placement> all;
  std::map<std::string, std::size_t> count;
  std::map<std::string, model_placement> rest;
  for (const auto& m : models) {
    if (++count[m.backend] <= most_models) {
      all.push_back(m);
      continue;
    }
    auto& other = rest[m.backend];
    other.backend = m.backend;
    other.model = "other";
    other.size += m.size;
    other.size_on_gpu += m.size_on_gpu;
  }
  for (auto& [backend, other] : rest)
    all.push_back(std::move(other));
  return all;
}

} // namespace

std::vector<MetricFamily> families_of(const gpu_report& now) {
  std::vector<MetricFamily> all;
  gpu_families gpus;
  if (now.last)
    for (const auto& d : now.last->devices)
      gpus.add(d, now);
  gpus.move_to(all);
  family size{"conductor_model_bytes", "Memory that a loaded model takes."};
  family on_gpu{"conductor_model_vram_bytes", "Of these on GPUs."};
  family ratio{
      "conductor_model_gpu_ratio",
      "Part of a loaded model that is on GPUs; less than 1: the CPU has a part."};
  for (const auto& m : bounded(now.models)) {
    size.add({{"backend", m.backend}, {"model", m.model}}, static_cast<double>(m.size));
    on_gpu.add({{"backend", m.backend}, {"model", m.model}},
               static_cast<double>(m.size_on_gpu));
    ratio.add({{"backend", m.backend}, {"model", m.model}}, m.gpu_ratio());
  }
  for (auto* f : {&size, &on_gpu, &ratio})
    f->move_to(all);
  return all;
}

} // namespace conductor
