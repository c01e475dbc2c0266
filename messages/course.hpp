#pragma once

#include "messages/errors.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace conductor {

using request_clock = std::chrono::steady_clock;

/// One backend asked for one answer. A time that did not come is `time_point{}`.
struct attempt {
  using time_point = request_clock::time_point;
  std::string backend; ///< empty: it got no place
  std::string host;    ///< where that is
  std::uint16_t port = 0;
  time_point asked{};      ///< for a place
  time_point leased{};     ///< it got one, and the request was sent
  time_point load_began{}; ///< of a load that it waited for
  time_point load_ended{};
  time_point first{};       ///< record
  time_point last{};        ///< record; or when it failed, or ended without any
  std::optional<errc> lost; ///< how it failed
};

/// How an answer came about.
struct answer_course {
  attempt now;                 ///< the one whose answer was told, or the last one
  std::vector<attempt> before; ///< given up for it
};

} // namespace conductor
