#pragma once

#include <cstdint>

namespace conductor {

/// What the kernel knows of this process.
struct process_facts {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t max_files = 0;
  std::uint64_t threads = 0;
  double started = 0; ///< seconds since 1970, UTC
};

/// Reads files of /proc: on an executor only. What cannot be read is 0.
process_facts read_process();

} // namespace conductor
