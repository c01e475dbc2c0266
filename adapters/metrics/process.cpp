#include "adapters/metrics/process.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace conductor {
namespace {

/// The n-th field of /proc/self/stat, counted from 1 as its manual does; the second one,
/// the program's name, may hold spaces.
std::uint64_t field(const std::string& stat, unsigned n) {
  auto at = stat.rfind(')');
  for (unsigned i = 2; i < n && at != std::string::npos; ++i)
    at = stat.find(' ', at + 1);
  return at == std::string::npos ? 0 : std::strtoull(stat.c_str() + at, nullptr, 10);
}

double boot_time() {
  std::ifstream in{"/proc/stat"};
  for (std::string word; in >> word;)
    if (double value = 0; word == "btime" && in >> value)
      return value;
  return 0;
}

} // namespace

process_facts read_process() {
  process_facts p;
  std::ifstream in{"/proc/self/stat"};
  const std::string stat{std::istreambuf_iterator<char>{in}, {}};
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  p.cpu_seconds = static_cast<double>(field(stat, 14) + field(stat, 15)) / ticks;
  p.threads = field(stat, 20);
  p.started = boot_time() + static_cast<double>(field(stat, 22)) / ticks;
  p.resident_bytes =
      field(stat, 24) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::error_code ec;
  for (std::filesystem::directory_iterator i{"/proc/self/fd", ec}, end; !ec && i != end;
       i.increment(ec))
    ++p.open_files;
  p.open_files -= p.open_files > 0 ? 1 : 0; // the one that lists them
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    p.max_files = limit.rlim_cur;
  return p;
}

} // namespace conductor
