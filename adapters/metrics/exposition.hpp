#pragma once

#include "adapters/cells/cells.hpp"

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// The two texts that a scrape may ask for.
enum class exposition {
  text,        ///< Prometheus' own, version 0.0.4
  open_metrics ///< version 1.0.0, with exemplars
};

/// What a scrape's `Accept` asks for, by quality; the first one where it names neither.
exposition exposition_for(std::string_view accept);
/// Value of `Content-Type`.
std::string_view content_type(exposition e);

/// A family and, of a histogram, the exemplars of its buckets, which the library has no
/// place for.
struct family : prometheus::MetricFamily {
  std::vector<std::vector<exemplar>> exemplars; ///< by metric, then by bucket
};

/// All of it. The library has a serializer for the first text; this one writes both, and
/// is several times as fast (tests/bench/scrape).
std::string expose(const std::vector<family>& all, exposition as);

} // namespace conductor
