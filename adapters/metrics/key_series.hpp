#pragma once

#include "messages/key.hpp"

#include <prometheus/collectable.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace conductor {

/// What keys used, and who was turned away: read off their meters at a scrape. Told apart
/// are the keys that were made first; the others are `other`.
class key_series final : public prometheus::Collectable {
public:
  key_series(std::function<key_table_ptr()> keys,
             std::shared_ptr<const refusal_counts> refusals, std::size_t most)
      : keys_(std::move(keys)), refusals_(std::move(refusals)), most_(most) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

private:
  std::function<key_table_ptr()> keys_;
  std::shared_ptr<const refusal_counts> refusals_;
  std::size_t most_;
};

} // namespace conductor
