#include "adapters/metrics/series.hpp"

#include "adapters/metrics/fleet_series.hpp"

#include <utility>

namespace conductor {

std::string series::text(const fleet_status& fleet, const node_reading& node,
                         exposition as) {
  families made;
  requests_.collect(made);
  add_fleet_series(made, fleet, most_models_);
  add_node_series(made, node);
  for (const auto& more : more_)
    for (auto& f : more->Collect())
      static_cast<prometheus::MetricFamily&>(made.all.emplace_back()) = std::move(f);
  return expose(made.all, as);
}

} // namespace conductor
