#pragma once

#include <cstdint>

namespace conductor {

/// Bytes of memory that this process may have: of its cgroup (version 2), or of the
/// machine; 0: neither is told.
std::uint64_t memory_of_machine();

} // namespace conductor
