// What a decision of DISPATCHER costs: `decisions`, prints Markdown. The queue and the
// fleet as DISPATCHER has them, in one process, without a socket or an actor: four
// backends, ten models, ten requests a flow. Microseconds, median of 9 rounds of at least
// 20 ms (lowest–highest).

#include "actors/fair_queue.hpp"
#include "actors/fleet.hpp"
#include "actors/routing.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace conductor;
using bench_clock = std::chrono::steady_clock;

constexpr int rounds = 9;
constexpr auto least = std::chrono::milliseconds(20);
constexpr std::size_t models = 10;

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

acquire wish_for(std::size_t model) {
  acquire w;
  w.model = "model-" + std::to_string(model) + ":latest";
  w.takes_place = true;
  return w;
}

/// Four backends that have all ten models in memory, one place for each.
fleet four_backends(bench_clock::time_point now) {
  fleet all;
  auto known = std::make_shared<inventory>();
  std::vector<loaded_model> loaded;
  for (std::size_t m = 0; m < models; ++m) {
    const auto name = wish_for(m).model;
    known->models.push_back({name, "digest", std::to_string(m), {}, false});
    loaded.push_back({name, "digest", 1, 1, 4096, ""});
  }
  for (const auto* name : {"a", "b", "c", "d"}) {
    auto server = std::make_shared<backend_settings>();
    server->name = name;
    server->parallel = 1;
    all.put(server);
    backend_status s;
    s.name = name;
    s.state = backend_state::up;
    s.loaded = loaded;
    s.known = known;
    all.heard(std::move(s), now);
  }
  return all;
}

/// As many wait all the time. All fit: the next one is served. Else every place is taken
/// but those of one model, for which the last one waits.
spread decisions(std::size_t waiting, bool all_fit) {
  const auto now = bench_clock::now();
  auto servers = four_backends(now);
  std::uint64_t lease = 0;
  if (!all_fit)
    for (std::size_t m = 1; m < models; ++m)
      for (const auto* name : {"a", "b", "c", "d"})
        servers.grant(++lease, name, wish_for(m), now);
  std::vector<acquire> wishes;
  for (std::size_t m = 0; m < models; ++m)
    wishes.push_back(wish_for(m));
  const auto nothing_to_say = [](const std::string&) { return backend_status{}; };
  fair_queue queue{std::chrono::seconds(30)};
  const auto push = [&](std::uint64_t id) {
    const auto flow = id % std::max<std::size_t>(waiting / 10, 1);
    const auto model = all_fit || id + 1 < waiting ? 1 + id % (models - 1) : 0;
    queue.push({id,
                static_cast<priority_class>(flow % 3),
                "user " + std::to_string(flow),
                now,
                100,
                {},
                static_cast<std::uint32_t>(model)});
    servers.waits(wishes[model], now);
  };
  for (std::uint64_t id = 0; id < waiting; ++id)
    push(id);
  return measure([&] {
    std::vector<std::uint32_t> full;
    const auto fits = [&](const fair_queue::ticket& t) {
      if (std::find(full.rbegin(), full.rend(), t.target) != full.rend())
        return false;
      const auto by = servers.assess(wishes[t.target], {}, now);
      if (std::holds_alternative<go_to>(
              choose_backend(by, wishes[t.target], nothing_to_say)))
        return true;
      full.push_back(t.target);
      return false;
    };
    const auto got = queue.take(now, fits);
    queue.charge("user 0", priority_class::normal, 0.1);
    if (got) {
      servers.waits_no_more(wishes[all_fit ? 1 + *got % (models - 1) : 0], now);
      push(*got);
    }
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
