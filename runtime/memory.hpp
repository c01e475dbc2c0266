#pragma once

#include <cstdint>

namespace conductor {

/// Bytes of memory that this process may have: of its cgroup (version 2), or of the
/// machine; 0: neither is told.
std::uint64_t memory_of_machine();

/// Large blocks go back to the system when they are freed. Left alone, glibc keeps blocks
/// as large as the largest that ever was freed, between small ones that stay.
void give_back_large_blocks();

} // namespace conductor
