#include "messages/gpu.hpp"

#include <algorithm>

namespace conductor {

std::vector<model_placement> moved_models(const std::vector<model_placement>& before,
                                          const std::vector<model_placement>& now) {
  std::vector<model_placement> moved;
  for (const auto& m : now) {
    const auto old = std::find_if(before.begin(), before.end(), [&](const auto& b) {
      return b.backend == m.backend && b.model == m.model;
    });
    const bool was_spilled = old != before.end() && old->spilled();
    if (m.spilled() ? old == before.end() || *old != m : was_spilled)
      moved.push_back(m);
  }
  return moved;
}

} // namespace conductor
