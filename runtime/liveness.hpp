#pragma once

#include "adapters/lane/lane.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace conductor {

/// LIVENESS: whether the lanes and CAF's workers turn. Each is prodded, and has to answer
/// within the limit; nor may a handler run that long. It waits for nobody: what it tells
/// is read from numbers that the prodded threads set.
class liveness {
public:
  /// The lanes outlive it, or are stopped first.
  liveness(caf::actor_system& system, const std::vector<std::unique_ptr<lane>>& lanes,
           std::chrono::nanoseconds limit);

  /// Prods whom no prod is under way to. Any thread; as often as one likes.
  void prod();

  /// Who does not turn, a line each; empty: all do. Any thread.
  std::string stuck() const;

  /// Lets the actor on the workers end.
  void end();

private:
  /// One thread, or all of CAF's workers together.
  struct prodded {
    std::string complaint;
    lane* where = nullptr;              ///< null: the workers
    std::atomic<std::int64_t> since{0}; ///< of a prod without an answer; 0: none
  };

  std::chrono::nanoseconds limit_;
  std::vector<std::shared_ptr<prodded>> all_;
  caf::actor on_workers_;
};

} // namespace conductor
