#include "tests/simulation/faults.hpp"

#include <utility>

namespace conductor::simulation {

faults::faults(world& w, fault_plan plan, std::uint64_t seed)
    : world_(w), plan_(std::move(plan)), chance_(seed) {
  for (const auto& [name, server] : world_.servers) {
    of_[name].has = server->models();
    plan_next(name);
  }
}

void faults::plan_next(const std::string& server) {
  if (plan_.every_s > 0 && !over_)
    world_.time.in(60 + chance_.exponential(plan_.every_s), [this, server] {
      if (!over_)
        befall(server);
    });
}

void faults::for_a_while(const std::string& server, double s) {
  world_.time.in(s, [this, server, trouble = of_[server].troubles] {
    if (over_ || of_[server].troubles != trouble)
      return;
    recover(server);
    plan_next(server);
  });
}

void faults::befall(const std::string& server) {
  auto& s = *world_.servers.at(server);
  ++of_[server].troubles;
  switch (chance_.below(8)) {
  case 0: // away for a while
    s.die();
    for_a_while(server, 10 + chance_.exponential(240));
    break;
  case 1: // restarted, perhaps between two probes
    s.die();
    for_a_while(server, chance_.between(0.2, 8));
    break;
  case 2:
    s.freeze(true);
    for_a_while(server, 5 + chance_.exponential(120));
    break;
  case 3: // answers every probe, and gives no token
    s.freeze(false);
    for_a_while(server, 5 + chance_.exponential(120));
    break;
  case 4:
    s.be_busy(chance_.between(0.2, 1));
    for_a_while(server, 10 + chance_.exponential(60));
    break;
  case 5:
    s.crash();
    for_a_while(server, chance_.between(0.1, 60));
    break;
  case 6:
    s.be_slow(chance_.between(2, 8));
    for_a_while(server, 30 + chance_.exponential(300));
    break;
  default:
    s.break_loads(chance_.between(0.3, 1));
    s.crash();
    for_a_while(server, 20 + chance_.exponential(120));
    break;
  }
}

void faults::recover(const std::string& server) {
  auto& s = *world_.servers.at(server);
  s.be_busy(0);
  s.be_slow(1);
  s.break_loads(0);
  s.thaw();
  if (s.connected())
    return;
  auto has = of_[server].has;
  if (!over_ && has.size() > 1 && chance_.chance(0.3))
    has.erase(has.begin() + static_cast<std::ptrdiff_t>(chance_.below(has.size())));
  const auto places = !plan_.fixed.contains(server) && chance_.chance(0.5)
                          ? chance_.one_of(plan_.places)
                          : s.places();
  s.start(places, std::move(has));
}

void faults::stop() {
  over_ = true;
  for (auto& [name, of] : of_) {
    ++of.troubles;
    recover(name);
  }
}

} // namespace conductor::simulation
