#pragma once

#include "adapters/ollama/errands.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace conductor {

/// What became of one pair of questions.
struct shadow_outcome {
  enum class result {
    compared,
    failed,
    skipped ///< the backend was busy, or has not loaded the model
  };
  result what = result::skipped;
  double first_s = 0; ///< seconds to the first record, through the node less directly
  double total_s = 0; ///< to the last one, likewise
};

/// What SHADOW needs of its node.
struct shadow_links {
  upstreams_actor upstreams; ///< of a lane that carries nobody's streams
  std::function<dispatcher_actor()> dispatcher;
  backend_ptr node;  ///< this node's own address, as one more server
  std::string model; ///< that is asked
  milliseconds every{60'000};
  std::function<void(const shadow_outcome&)> found;
};

/// SHADOW as a reader of its answers.
using shadow_actor = subscriber_actor::extend<
    // INTERNAL: time for the next pair.
    caf::reacts_to<tick>>;

/// SHADOW asks a backend the same tiny question directly and through this node, one right
/// after the other and in turned order, and compares: a proof of transparency that goes
/// on. It asks only while the backend has nothing to do; the direct question has a lease
/// as any other has.
struct shadow_state {
  static inline const char* name = "shadow";

  struct pair {
    std::string backend;
    errand_answer direct, through;
    lease_ptr place; ///< of the direct question
  };

  shadow_links links;
  errands asked;
  std::uint64_t pairs = 0;
  bool asking = false;
};

shadow_actor::behavior_type shadow(shadow_actor::stateful_pointer<shadow_state> self,
                                   shadow_links links);

} // namespace conductor
