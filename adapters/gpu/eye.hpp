#pragma once

#include "adapters/gpu/probe.hpp"
#include "config/settings.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace conductor {

/// Finds the probe that sees a GPU and looks with it. One that can no longer look (a
/// driver that was reloaded) is dropped; while there is none, another is looked for every
/// half minute. For the GPU's own thread.
class gpu_eye {
public:
  explicit gpu_eye(gpu_settings how, std::string sysfs = "/sys")
      : how_(std::move(how)), sysfs_(std::move(sysfs)) {}

  /// `now` is milliseconds since 1970.
  gpu_sample look(std::int64_t now);

private:
  void choose();

  gpu_settings how_;
  std::string sysfs_;
  std::unique_ptr<gpu_probe> probe_;
  std::string problem_; ///< why there is none
  std::int64_t tried_ = 0;
};

} // namespace conductor
