#pragma once

#include "tests/simulation/adapters.hpp"

#include <memory>
#include <string>
#include <vector>

namespace conductor::simulation {

/// How much is asked for, and of what.
struct traffic_plan {
  struct share {
    std::string model;
    std::string options;
    double weight = 1;
  };
  double per_second = 0.15; ///< requests of the many light flows, on average over a day
  double swing = 0.9;       ///< of a day: up to this much more, or less, than average
  unsigned light_flows = 12;
  double bursts_per_day = 6; ///< of the heavy flow
  unsigned least_burst = 50;
  unsigned most_burst = 250;
  double batch = 0.1;       ///< share of light requests that are of class batch
  double interactive = 0.3; ///< likewise
  std::vector<share> models;
  double answer_s = 5;   ///< mean of what an answer takes, alone, after its prompt
  double prompt_s = 0.8; ///< mean; one in twenty takes ten times that
  double leaves = 0.12;  ///< share of clients that do not wait for the end
  double pinned = 0.02;
  double bare = 0.01; ///< clients that load or unload a model themselves
  double relayed = 0.03;
  std::vector<std::string> servers; ///< to pin to
};

/// A client.
struct client {
  std::shared_ptr<scripted_request> asks;
  double patience_s = 0;     ///< leaves when no record came for so long; 0: never
  std::size_t leaves_at = 0; ///< leaves with that record; 0: never
};

/// Who asks for what and when, from a seed.
class traffic {
public:
  static constexpr const char* heavy = "bulk"; ///< the flow that asks for most

  traffic(traffic_plan plan, std::uint64_t seed)
      : plan_(std::move(plan)), chance_(seed) {}

  /// Seconds until the next request of a light flow, at that time of the first day.
  double until_next(double elapsed_s);
  double until_burst() { return chance_.exponential(86'400 / plan_.bursts_per_day); }
  std::size_t burst() {
    return plan_.least_burst + chance_.below(plan_.most_burst - plan_.least_burst + 1);
  }
  client of_light_flow();
  client of_heavy_flow();

private:
  client make(std::string flow, priority_class priority);
  const traffic_plan::share& model();

  traffic_plan plan_;
  dice chance_;
  std::uint64_t next_ = 0;
};

} // namespace conductor::simulation
