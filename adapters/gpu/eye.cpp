#include "adapters/gpu/eye.hpp"

#include "adapters/gpu/nvml.hpp"
#include "adapters/gpu/sysfs.hpp"

#include <cstdlib>

namespace conductor {
namespace {

constexpr std::int64_t try_again_ms = 30'000;

} // namespace

void gpu_eye::choose() {
  using kind = gpu_probe_kind;
  problem_.clear();
  const auto tried = [this](const std::string& why) {
    problem_ += (problem_.empty() ? "" : "; ") + why;
  };
  try {
    if (how_.probe == kind::nvml || how_.probe == kind::any)
      probe_ = std::make_unique<nvml_probe>(how_.library);
  } catch (const gpu_unavailable& e) {
    tried(std::string{"NVML: "} + e.what());
  }
  try {
    if (!probe_ && (how_.probe == kind::sysfs || how_.probe == kind::any))
      probe_ = std::make_unique<sysfs_probe>(sysfs_);
  } catch (const gpu_unavailable& e) {
    tried(e.what());
  }
  if (how_.probe == kind::none)
    tried("gpu.probe is none");
}

gpu_sample gpu_eye::look(std::int64_t now) {
  // A clock that is set must not keep it from trying.
  if (!probe_ && (tried_ == 0 || std::abs(now - tried_) >= try_again_ms)) {
    tried_ = now;
    choose();
  }
  gpu_sample sample;
  sample.time = now;
  try {
    if (probe_) {
      probe_->look(sample);
      return sample;
    }
  } catch (const gpu_unavailable& e) {
    probe_.reset();
    tried_ = now;
    problem_ = std::string{"the driver was lost: "} + e.what();
  }
  sample = {now, "none", {}, problem_, {}};
  return sample;
}

} // namespace conductor
