#pragma once

#include "messages/key.hpp"

#include <prometheus/collectable.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace conductor {

/// What keys used, and who was turned away: read off their meters at a scrape. Told apart
/// are the names that came first; the others are `other`. A counter never goes back: what
/// a key used stays in its series when it is forgotten, for as long as that is there.
class key_series final : public prometheus::Collectable {
public:
  key_series(std::function<key_table_ptr()> keys,
             std::shared_ptr<const refusal_counts> refusals, std::size_t most)
      : keys_(std::move(keys)), refusals_(std::move(refusals)), most_(most) {}

  /// One at a time.
  std::vector<prometheus::MetricFamily> Collect() const override;

private:
  struct sums {
    std::uint64_t admitted = 0, limited = 0, forbidden = 0, tokens = 0, gpu_ns = 0;
  };
  struct counted {
    sums so_far; ///< of its meter, at the last scrape
    std::string series;
  };

  void count() const;
  void count(const grant& g) const;
  std::string series_for(const std::string& name) const;

  std::function<key_table_ptr()> keys_;
  std::shared_ptr<const refusal_counts> refusals_;
  std::size_t most_;
  mutable std::map<std::string, counted> keys_counted_; ///< by id
  mutable std::map<std::string, sums> all_;             ///< by series
};

} // namespace conductor
