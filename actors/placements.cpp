#include "actors/placements.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace conductor {

std::vector<model_placement> placements_of(const fleet_status& fleet) {
  std::vector<model_placement> all;
  for (const auto& b : fleet.backends)
    if (b.status.state == backend_state::up)
      for (const auto& m : b.status.loaded)
        all.push_back({b.status.name, m.name, m.size, m.size_on_gpu});
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a.backend, a.model) < std::tie(b.backend, b.model);
  });
  return all;
}

std::vector<std::string> local_backends_of(const fleet_status& fleet) {
  constexpr std::array<std::string_view, 3> own{"http://127.", "http://localhost",
                                                "http://[::1]"};
  std::vector<std::string> names;
  for (const auto& b : fleet.backends)
    if (std::any_of(own.begin(), own.end(), [&](auto prefix) {
          return std::string_view{b.status.url}.starts_with(prefix);
        }))
      names.push_back(b.status.name);
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace conductor
