#pragma once

#include "adapters/metrics/families.hpp"
#include "adapters/metrics/tally.hpp"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace conductor {

/// Series of what tallies counted, all lanes summed up. One scrape at a time.
class request_series {
public:
  explicit request_series(std::size_t most_models) : most_models_(most_models) {}

  /// What a new OBSERVER counts by. Before the first scrape.
  std::shared_ptr<tally> add_tally();
  void collect(families& into);

private:
  /// Lanes may have met other models first: told apart are those that came here first.
  bool admits(const std::string& model);

  std::size_t most_models_;
  std::vector<std::shared_ptr<tally>> tallies_;
  std::set<std::string> admitted_;
};

} // namespace conductor
