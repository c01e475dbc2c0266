#pragma once

#include "adapters/metrics/exposition.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor {

/// Families while a scrape makes them.
class families {
public:
  using labels = std::initializer_list<std::pair<const char*, std::string_view>>;

  /// The family that what follows belongs to. Its help says what a sample is, and in
  /// which unit where the name does not.
  void gauge(const char* name, const char* help);
  void counter(const char* name, const char* help);
  void histogram(const char* name, const char* help);

  void add(double value, labels of = {});
  void add(const histogram_reading& reading, labels of = {});

  std::vector<family> all;

private:
  void open(const char* name, const char* help, prometheus::MetricType type);
  prometheus::ClientMetric& sample(labels of);
};

} // namespace conductor
