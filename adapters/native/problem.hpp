#pragma once

#include "messages/request.hpp"

#include <string>
#include <string_view>

namespace conductor {

/// A problem document of RFC 9457: what was wrong with a native request.
response problem(std::string_view request_id, int status, std::string_view code,
                 std::string_view detail);

/// The same for what an actor answered instead of a result.
response problem_of(std::string_view request_id, const caf::error& failure);

} // namespace conductor
