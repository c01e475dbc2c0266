#include "runtime/gpu_part.hpp"

#include "actors/gpu_monitor.hpp"
#include "adapters/lane/hosted.hpp"
#include "adapters/metrics/gpu_observer.hpp"

#include <caf/send.hpp>

#include <utility>

namespace conductor {

std::vector<child_spec> gpu_part::children(caf::actor_system& system,
                                           std::function<dispatcher_actor()> dispatcher) {
  const auto observer = [this, &system] {
    observer_.set(spawn_worker(system, gpu_observer, counts_));
    return observer_.get().address();
  };
  const auto probe = [this, &system] {
    probe_.set(
        caf::actor_cast<gpu_probe_actor>(spawn_worker(system, gpu_sampler, &driver_)));
    return probe_.get().address();
  };
  const auto monitor = [this, &system, dispatcher = std::move(dispatcher)] {
    monitor_.set(
        spawn_worker(system, gpu_monitor,
                     gpu_links{[this] { return probe_.get(); },
                               [this] { return observer_.get(); }, dispatcher, how_}));
    return monitor_.get().address();
  };
  return {{"gpu observer", observer}, {"gpu probe", probe}, {"gpu monitor", monitor}};
}

void gpu_part::end() {
  const auto end = [](auto& role) {
    if (const auto who = role.get())
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    role.clear();
  };
  end(monitor_);
  end(probe_);
  end(observer_);
}

} // namespace conductor
