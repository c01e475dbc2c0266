#pragma once

#include "adapters/metrics/gpu_series.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace conductor {

/// What an operator is told of a change.
struct gpu_line {
  bool warning = false;
  std::string text;
};
/// Each change once: GPUs that are found, lost or fail, a driver that hangs, models that
/// the CPU has a part in.
std::vector<gpu_line> changes_of(const gpu_report& before, const gpu_report& now);

/// GPU OBSERVER keeps the last report, for what is new in the next one.
struct gpu_observer_state {
  static inline const char* name = "gpu_observer";
  std::shared_ptr<gpu_series> counts;
  gpu_report_ptr last = std::make_shared<const gpu_report>();
};

gpu_observer_actor::behavior_type
gpu_observer(gpu_observer_actor::stateful_pointer<gpu_observer_state> self,
             std::shared_ptr<gpu_series> counts);

} // namespace conductor
