#include "tests/simulation/checks.hpp"

#include <algorithm>
#include <cstdio>

namespace conductor::simulation {
namespace {

template <class... Values>
std::string line(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

} // namespace

std::string checks::table(double wall_s) const {
  const auto& k = node_.known();
  const auto& st = node_.dispatcher_now();
  auto text =
      line("seed %llu: %.2f virtual days in %.1f s; %zu requests, most waiting %zu,"
           " saturated %.0f s\n",
           static_cast<unsigned long long>(expected_.seed),
           node_.around().time.elapsed() / 86'400, wall_s, k.jobs.size(), most_waiting_,
           saturated_s_);
  text += "  ended:";
  for (const auto& [outcome, n] : k.outcomes)
    text += line(" %s %u,", outcome.c_str(), n);
  text += line("\n  leases %llu, asked again %llu (refused %llu), moved on %llu, zombies"
               " %llu\n",
               static_cast<unsigned long long>(st.next_lease - 1),
               static_cast<unsigned long long>(k.again),
               static_cast<unsigned long long>(st.retries.refused()),
               static_cast<unsigned long long>(st.moved_on),
               static_cast<unsigned long long>(k.cut));
  for (const auto& [name, s] : node_.around().servers) {
    const auto& f = s->so_far();
    text +=
        line("  %-6s loads %u (stray %u), reloads %u, evictions %u, busy %.0f s, hidden"
             " wait %.0f s, behind left prompts %.0f s\n",
             name.c_str(), f.loads, f.stray_loads, f.reloads, f.evictions, f.busy_s,
             f.hidden_s, f.ghost_s);
  }
  const char* names[] = {"interactive", "normal", "batch"};
  text += "  longest wait (mean):";
  for (int c = 0; c < 3; ++c)
    text += line(" %s %.0f s (%.1f),", names[c], k.longest_wait_s[c],
                 k.waits_s[c] / std::max(1u, k.granted[c]));
  text += line(" first of a flow with somebody to serve it %.0f s\n", longest_starved_s_);
  text += line("  waited inside servers for a place: %.1f %% of what the servers gave\n",
               100 * hidden_share());
  if (light_.requests > 0 && heavy_.requests > 0)
    text += line("  while saturated: light flows asked %.0f s, got %.0f s of GPU, waited"
                 " %.1f s on average; the heavy one got %.0f s, waited %.1f s\n",
                 light_.asked_s, light_.gpu_s, light_.waited_s / light_.requests,
                 heavy_.gpu_s, heavy_.waited_s / heavy_.requests);
  return text;
}

} // namespace conductor::simulation
