#pragma once

#include "adapters/gpu/probe.hpp"

#include <map>
#include <string>

namespace conductor {

/// What the kernel tells of GPUs by amdgpu, i915 and xe in /sys: what is not there is not
/// known. Intel's GPUs tell no utilisation: the time that they were not asleep stands for
/// it, and their power is known from the second look on.
class sysfs_probe final : public gpu_probe {
public:
  /// `root` is /sys, or a test's folder. Throws gpu_unavailable where there is no such
  /// GPU.
  explicit sysfs_probe(std::string root);
  void look(gpu_sample& sample) override;

private:
  /// A counter of time or energy, and when it was read.
  struct meter {
    double value = 0;
    std::int64_t time = 0; ///< milliseconds
  };
  struct card {
    std::uint32_t index = 0;
    std::string driver;
    std::string name;
    std::string uuid;
    std::string folder; ///< class/drm/cardN; empty: it was lost
    meter asleep;       ///< milliseconds
    meter energy;       ///< microjoules
  };

  void find();
  static void look_at(card& c, std::int64_t now, gpu_device& d);

  std::string root_;
  std::map<std::string, card> cards_; ///< by slot of the bus; one that was lost stays
};

} // namespace conductor
