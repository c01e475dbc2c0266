#pragma once

#include "adapters/native/json_input.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace conductor {

/// A topic that a peer may follow: the last event it was told, and which answer to the
/// question for the next one counts. Who ends to follow and begins again asks anew.
template <class Event>
struct followed {
  std::shared_ptr<const Event> told; ///< null: it is not followed
  std::uint64_t asked = 0;           ///< questions so far
  std::uint64_t awaited = 0;         ///< the one that waits for its answer; 0: none

  /// `what` is the operation. Throws bad_request.
  void follow(const std::string& what) {
    const bool wanted = what == "subscribe";
    if (!wanted && what != "unsubscribe")
      throw json_input::bad_request(
          "\"op\" of a topic must be \"subscribe\" or \"unsubscribe\"");
    if (wanted == (told != nullptr))
      throw json_input::bad_request(wanted ? "the topic is subscribed already"
                                           : "the topic is not subscribed");
    told = wanted ? std::make_shared<const Event>() : nullptr;
    awaited = 0;
  }

  /// Number of the question that is asked now.
  std::uint64_t ask() { return awaited = ++asked; }

  /// Whether that question's answer is still wanted, which ends the waiting.
  bool answers(std::uint64_t number) {
    if (number != awaited)
      return false;
    awaited = 0;
    return told != nullptr;
  }
};

} // namespace conductor
