#pragma once

#include "adapters/gpu/nvml_library.hpp"
#include "adapters/gpu/probe.hpp"

#include <map>
#include <optional>
#include <string>

namespace conductor {

/// NVIDIA's GPUs through NVML. Every quantity stands for itself: what the library lacks,
/// the device does not have or the user may not see is not known, and the rest is.
class nvml_probe final : public gpu_probe {
public:
  /// Throws gpu_unavailable where there is no library, no driver, or no GPU.
  explicit nvml_probe(const std::string& library);
  ~nvml_probe() override;
  void look(gpu_sample& sample) override;

private:
  /// What is remembered of a device.
  struct known {
    std::string name, uuid; ///< for when it is lost
    bool watched = false;   ///< its XID errors are counted
    std::uint64_t xid_errors = 0;
    std::optional<std::uint64_t> last_xid;
  };

  void watch(nvml::device who, known& k);
  void take_events();
  void look_at(nvml::device who, gpu_device& d);
  void look_at_partitions(nvml::device who, gpu_device& d);

  nvml::library nvml_;
  nvml::event_set events_ = nullptr;
  std::map<nvml::device, known> known_;
  std::map<unsigned, nvml::device> handles_; ///< by index: the last ones
};

} // namespace conductor
