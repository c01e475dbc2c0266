#pragma once

#include "adapters/metrics/exposition.hpp"
#include "adapters/metrics/node_series.hpp"
#include "adapters/metrics/request_series.hpp"
#include "messages/fleet.hpp"

#include <prometheus/collectable.h>

#include <memory>
#include <string>
#include <vector>

namespace conductor {

/// Every series of the node. What is counted by the way is read where it is counted, what
/// actors know comes with the scrape: nobody who carries streams is asked.
class series {
public:
  /// Models that are told apart in each family; the others are `other`.
  explicit series(std::size_t most_models)
      : requests_(most_models), most_models_(most_models) {}

  /// What a new OBSERVER counts by; before the first scrape, as are these.
  std::shared_ptr<tally> add_tally() { return requests_.add_tally(); }
  void add(std::shared_ptr<const prometheus::Collectable> more) {
    more_.push_back(std::move(more));
  }

  /// One scrape at a time.
  std::string text(const fleet_status& fleet, const node_reading& node, exposition as);

private:
  request_series requests_;
  std::vector<std::shared_ptr<const prometheus::Collectable>> more_;
  std::size_t most_models_;
};

} // namespace conductor
