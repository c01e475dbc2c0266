#pragma once

#include "messages/fleet.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <string>
#include <utility>

namespace conductor {

/// Why the last requests went where they went; the oldest are forgotten.
class explained {
public:
  explicit explained(std::size_t most) : most_(most) {}

  void add(explanation e) {
    last_.push_front(std::move(e));
    if (last_.size() > most_)
      last_.pop_back();
  }

  /// Of the requests of that id, the latest first.
  explanations of(const std::string& request) const {
    explanations found;
    std::copy_if(last_.begin(), last_.end(), std::back_inserter(found),
                 [&](const explanation& e) { return e.request == request; });
    return found;
  }

private:
  std::size_t most_;
  std::deque<explanation> last_; ///< the latest first
};

} // namespace conductor
