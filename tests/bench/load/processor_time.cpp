#include "tests/bench/load/processor_time.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace conductor::bench {

std::int64_t processor_time_ns(const std::vector<pid_t>& processes) {
  namespace fs = std::filesystem;
  std::int64_t sum = 0;
  for (auto pid : processes) {
    std::error_code gone;
    fs::directory_iterator threads("/proc/" + std::to_string(pid) + "/task", gone);
    if (gone)
      return -1;
    for (const auto& thread : threads) {
      std::int64_t ns = 0;
      std::ifstream(thread.path() / "schedstat") >> ns;
      sum += ns;
    }
  }
  return sum;
}

std::int64_t own_processor_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

} // namespace conductor::bench
