#pragma once

#include "messages/session.hpp"

#include <string>

namespace conductor {

/// RFC 3339 in UTC, with milliseconds.
std::string time_text(wall_time t);
/// The time of such a text; 0: it is none.
wall_time time_of(const std::string& text);

} // namespace conductor
