#pragma once

#include "messages/request.hpp"

#include <cstddef>
#include <vector>

namespace conductor {

/// What is kept of a request, with its time on the wall's clock: no body, no query.
void fill(ended_request& into, const request_summary& ended);

/// The last requests that ended; the oldest are overwritten in place, so that one more
/// costs no memory.
class recent_requests {
public:
  explicit recent_requests(std::size_t most) : most_(most) {}

  void add(const request_summary& ended);

  /// Those that `q` asks for, the latest first.
  ended_requests find(const requests_query& q) const;

private:
  std::size_t most_;
  std::size_t oldest_ = 0; ///< where the next one goes, once all places are taken
  std::vector<ended_request> kept_;
};

} // namespace conductor
