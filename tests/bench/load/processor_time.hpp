#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace conductor::bench {

/// Nanoseconds of processor time that all living threads of these processes have used, as
/// the kernel's scheduler counts them; -1 when one of them is gone.
std::int64_t processor_time_ns(const std::vector<pid_t>& processes);

/// The same of this process.
std::int64_t own_processor_time_ns();

} // namespace conductor::bench
