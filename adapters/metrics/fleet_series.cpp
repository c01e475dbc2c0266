#include "adapters/metrics/fleet_series.hpp"

#include "messages/request.hpp"

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <utility>

namespace conductor {
namespace {

constexpr std::array classes{priority_class::interactive, priority_class::normal,
                             priority_class::batch};

double seconds(std::chrono::nanoseconds d) {
  return std::chrono::duration<double>(d).count();
}

void add_queue(families& into, const fleet_status& fleet) {
  const auto each = [&](auto value) {
    for (const auto c : classes)
      into.add(static_cast<double>(value(fleet.classes[static_cast<std::size_t>(c)])),
               {{"class", to_string(c)}});
  };
  into.gauge("conductor_queue_waiting", "Requests that wait for a place.");
  each([](const class_load& c) { return c.waiting; });
  into.gauge("conductor_flows", "Flows (users, sessions, addresses) that wait.");
  each([](const class_load& c) { return c.flows; });
  into.gauge("conductor_fairness_deficit_seconds",
             "GPU time that the waiting flow which owes most had before its turn.");
  each([](const class_load& c) { return c.deficit_s; });
  into.counter(
      "conductor_moved_on_total",
      "Requests that a backend refused before its first record, and that another "
      "was asked for.");
  into.add(static_cast<double>(fleet.moved_on));
  into.counter("conductor_retries_refused_total",
               "Requests not asked again elsewhere for upstream.retries_per_second.");
  into.add(static_cast<double>(fleet.retries_refused));
}

} // namespace

void add_fleet_series(families& into, const fleet_status& fleet,
                      std::size_t most_models) {
  add_queue(into, fleet);
  const auto of_each = [&](auto value) {
    for (const auto& b : fleet.backends)
      into.add(static_cast<double>(value(b)), {{"backend", b.status.name}});
  };
  into.gauge("conductor_backend_up", "1 while the backend answers probes.");
  of_each([](const auto& b) { return b.status.state == backend_state::up ? 1 : 0; });
  into.gauge("conductor_backend_probe_seconds",
             "What the last probe of the backend that succeeded took.");
  of_each([](const auto& b) { return seconds(b.status.latency); });
  into.gauge("conductor_backend_tripped",
             "1 while a backend is left alone because answers failed there.");
  of_each([](const auto& b) { return b.tripped ? 1 : 0; });
  into.gauge("conductor_leases", "Leases in use, by backend; those that take a place and "
                                 "those that do not.");
  for (const auto& b : fleet.backends) {
    into.add(static_cast<double>(b.in_flight),
             {{"backend", b.status.name}, {"kind", "place"}});
    into.add(static_cast<double>(b.relayed),
             {{"backend", b.status.name}, {"kind", "relay"}});
  }
  into.gauge("conductor_zombie_places",
             "Places of answers given up that Ollama may still be at.");
  of_each([](const auto& b) { return b.zombies; });
  into.counter("conductor_zombie_seconds_total", "Time that such places were held.");
  of_each([](const auto& b) { return seconds(b.zombie_time); });
  into.counter("conductor_loads_total",
               "Models that the node brought into a backend's memory.");
  of_each([](const auto& b) { return b.loads; });
  into.counter("conductor_load_seconds_total", "Time that these loads took.");
  of_each([](const auto& b) { return seconds(b.load_time); });
  into.counter("conductor_swaps_total",
               "Loads for which another model, or the same with other options, had to "
               "leave the memory.");
  of_each([](const auto& b) { return b.swaps; });
  into.counter("conductor_swap_seconds_total", "Time that these loads took.");
  of_each([](const auto& b) { return seconds(b.swap_time); });
  into.gauge("conductor_places", "Answers that a model in memory gives at once: "
                                 "configured, or found out.");
  // A name that was moved to other weights may be in memory twice.
  std::set<std::pair<std::string, std::string>> told;
  for (const auto& b : fleet.backends)
    for (const auto& r : b.runners)
      if (r.loaded && told.size() < most_models &&
          told.emplace(b.status.name, r.model).second)
        into.add(static_cast<double>(r.places),
                 {{"backend", b.status.name}, {"model", r.model}});
}

} // namespace conductor
