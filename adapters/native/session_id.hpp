#pragma once

#include <string>

namespace conductor {

/// A new id: a UUID of version 7, which sorts by the time of its making, with 74 random
/// bits from the system.
std::string new_session_id();

} // namespace conductor
