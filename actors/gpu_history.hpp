#pragma once

#include "messages/gpu.hpp"

#include <deque>
#include <vector>

namespace conductor {

/// The last ten minutes of the GPUs, in little space: at most one moment a second, and of
/// each GPU only what is drawn as a line.
class gpu_history {
public:
  /// A sample of a time before the last one's begins anew: the clock was set.
  void add(const gpu_sample& sample);

  /// The oldest first.
  std::vector<gpu_moment> all() const { return {moments_.begin(), moments_.end()}; }

private:
  std::deque<gpu_moment> moments_;
};

} // namespace conductor
