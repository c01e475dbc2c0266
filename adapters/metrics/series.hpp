#pragma once

#include "messages/fleet.hpp"
#include "messages/request.hpp"
#include "messages/session.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <vector>

namespace conductor {

/// Names every series of the node. Any thread; counting takes no lock that a scrape holds
/// for long.
class series {
public:
  series();

  /// What one lane counts by: finding a series by its labels once is enough.
  struct known {
    struct outcome_series {
      request_kind kind;
      int status_class;
      std::string outcome;
      prometheus::Counter* requests;
    };
    struct backend_series {
      std::string backend;
      prometheus::Histogram* first;
      prometheus::Histogram* duration;
    };
    std::vector<outcome_series> outcomes;
    std::vector<backend_series> backends;
  };
  void count(const request_summary& ended, known& by);
  void show(const backend_status& backend);

  /// The text exposition format of Prometheus, `extra` values included.
  struct snapshot {
    std::size_t connections = 0;
    fleet_status fleet;
    sessions_status sessions;
    std::uint64_t stalls = 0;
    double longest_turn_seconds = 0;
    std::uint64_t spans_exported = 0;
    std::uint64_t spans_dropped = 0;
    double uptime_seconds = 0;
  };
  std::string text(const snapshot& now);

private:
  prometheus::Counter& requests(const request_summary& ended, known& by);
  const known::backend_series& backend(const std::string& name, known& by);

  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Counter& body_bytes_;
  prometheus::Counter& tokens_in_;
  prometheus::Counter& tokens_out_;
  prometheus::Family<prometheus::Histogram>& first_;
  prometheus::Family<prometheus::Histogram>& duration_;
  prometheus::Family<prometheus::Gauge>& backend_up_;
  prometheus::Family<prometheus::Gauge>& in_flight_;
  prometheus::Gauge& waiting_;
  prometheus::Counter& moved_on_;
  prometheus::Counter& retries_refused_;
  prometheus::Family<prometheus::Gauge>& tripped_;
  prometheus::Family<prometheus::Gauge>& zombies_;
  prometheus::Family<prometheus::Counter>& zombie_seconds_;
  prometheus::Family<prometheus::Counter>& loads_;
  prometheus::Family<prometheus::Counter>& load_seconds_;
  prometheus::Gauge& connections_;
  prometheus::Gauge& longest_turn_;
  prometheus::Gauge& uptime_;
  prometheus::Gauge& stalls_;
  prometheus::Gauge& sessions_live_;
  prometheus::Gauge& store_up_;
  prometheus::Gauge& store_writes_;
  prometheus::Gauge& store_failures_;
  prometheus::Gauge& store_waiting_;
  prometheus::Family<prometheus::Counter>& spans_;
};

} // namespace conductor
