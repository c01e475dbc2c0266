// What a decision of the queue costs: `decisions`, prints Markdown. In one process,
// without a socket or an actor; microseconds, median of 9 rounds of at least 20 ms
// (lowest–highest).

#include "actors/fair_queue.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace {

using namespace conductor;
using bench_clock = std::chrono::steady_clock;

constexpr int rounds = 9;
constexpr auto least = std::chrono::milliseconds(20);

struct spread {
  double median, lowest, highest;
};

/// Microseconds of `decide`, which is called again and again.
template <class Decide>
spread measure(Decide decide) {
  std::vector<double> us;
  for (int r = 0; r < rounds; ++r) {
    const auto begin = bench_clock::now();
    std::size_t n = 0;
    for (; n % 16 != 0 || bench_clock::now() - begin < least; ++n)
      decide();
    const std::chrono::duration<double, std::micro> took = bench_clock::now() - begin;
    us.push_back(took.count() / static_cast<double>(n));
  }
  std::sort(us.begin(), us.end());
  return {us[us.size() / 2], us.front(), us.back()};
}

/// As many wait all the time; ten requests a flow.
spread decisions(std::size_t waiting, bool all_fit) {
  fair_queue queue{std::chrono::seconds(30)};
  const auto now = bench_clock::now();
  std::uint64_t id = 0;
  const auto push = [&](std::uint64_t of) {
    const auto flow = of % std::max<std::size_t>(waiting / 10, 1);
    queue.push({of, static_cast<priority_class>(flow % 3), "user " + std::to_string(flow),
                now, 100});
  };
  for (; id < waiting; ++id)
    push(id);
  return measure([&] {
    // All fit: the next one is served. Else there is a place for one of them only.
    const auto wanted = waiting / 2;
    const auto got =
        queue.take(now, [&](std::uint64_t one) { return all_fit || one == wanted; });
    queue.charge("user 0", priority_class::normal, 0.1);
    if (got)
      push(*got);
  });
}

} // namespace

int main() {
  std::printf(
      "| waiting | the next one fits, µs | one of all fits, µs |\n|---:|---:|---:|\n");
  for (const std::size_t waiting : {10, 1'000, 10'000}) {
    const auto all = decisions(waiting, true), one = decisions(waiting, false);
    std::printf("| %zu | %.2f (%.2f–%.2f) | %.2f (%.2f–%.2f) |\n", waiting, all.median,
                all.lowest, all.highest, one.median, one.lowest, one.highest);
  }
}
