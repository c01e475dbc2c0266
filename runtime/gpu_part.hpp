#pragma once

#include "actors/supervisor.hpp"
#include "adapters/gpu/sampler.hpp"
#include "adapters/metrics/gpu_series.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"
#include "runtime/slot.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace conductor {

/// The part of a node that looks at GPUs: GPU PROBE and its thread, GPU OBSERVER, GPU
/// MONITOR. All calls from the node's thread, but for `monitor`.
class gpu_part {
public:
  explicit gpu_part(gpu_settings how) : how_(std::move(how)), driver_(how_) {}

  /// In the order in which they need each other; `dispatcher` is the present one.
  std::vector<child_spec> children(caf::actor_system& system,
                                   std::function<dispatcher_actor()> dispatcher);
  /// The present one; null before the first and after the last. Any thread.
  gpu_monitor_actor monitor() const { return monitor_.get(); }
  std::shared_ptr<const gpu_series> counts() const { return counts_; }
  /// Ends the actors. This object has to go after the last of them, before their system.
  void end();

private:
  gpu_settings how_;
  gpu_driver driver_;
  std::shared_ptr<gpu_series> counts_ = std::make_shared<gpu_series>();
  slot<gpu_probe_actor> probe_;
  slot<gpu_observer_actor> observer_;
  slot<gpu_monitor_actor> monitor_;
};

} // namespace conductor
