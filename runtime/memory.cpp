#include "runtime/memory.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include <malloc.h>
#include <unistd.h>

namespace conductor {
namespace {

/// This process's folder in the unified hierarchy, as /proc/self/cgroup tells it.
std::string cgroup() {
  std::ifstream in{"/proc/self/cgroup"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("0::"))
      return "/sys/fs/cgroup" + line.substr(3);
  return {};
}

} // namespace

std::uint64_t memory_of_machine() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto page = ::sysconf(_SC_PAGE_SIZE);
  auto least = pages > 0 && page > 0
                   ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page)
                   : 0;
  // A limit of a group above counts as well.
  for (auto group = cgroup(); group.size() >= std::string{"/sys/fs/cgroup"}.size();
       group.resize(group.rfind('/'))) {
    std::ifstream in{group + "/memory.max"};
    if (std::uint64_t most = 0; in >> most) // "max" is no number
      least = least == 0 ? most : std::min(least, most);
  }
  return least;
}

void give_back_large_blocks() {
#ifdef M_MMAP_THRESHOLD
  constexpr int large = 1 << 20; // bytes
  ::mallopt(M_MMAP_THRESHOLD, large);
#endif
}

} // namespace conductor
