#pragma once

#include "actors/gpu_history.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"

#include <caf/actor_clock.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <vector>

namespace conductor {

/// What GPU MONITOR needs of its node: each the present one.
struct gpu_links {
  std::function<gpu_probe_actor()> probe;
  std::function<gpu_observer_actor()> observer;
  std::function<dispatcher_actor()> dispatcher;
  gpu_settings timing;
};

/// GPU MONITOR owns the last sample of this machine's GPUs, ten minutes of history, and
/// what is known of where models lie.
///
/// Has the GPUs looked at every `gpu.interval` while a GPU or an answer is at work, else
/// every `gpu.idle_interval`, and for who asks when the last look is longer ago than the
/// first of these; one look at a time. One that takes longer than five seconds
/// leaves the last sample marked stale until the driver answers. Whoever follows is
/// answered with each look, and with each model that comes, goes or is laid elsewhere.
struct gpu_monitor_state {
  static inline const char* name = "gpu_monitor";
  using time_point = caf::actor_clock::time_point;

  struct follower {
    std::uint64_t after = 0;
    caf::typed_response_promise<gpu_report_ptr> reply;
  };

  struct asker {
    bool history = false;
    caf::typed_response_promise<gpu_answer_ptr> reply;
  };

  gpu_links links;
  gpu_report_ptr now = std::make_shared<const gpu_report>();
  gpu_history history;
  std::vector<follower> followers;
  std::vector<asker> askers; ///< await the look that is under way, until the next beat
  bool looking = false;      ///< a look is under way
  bool asking = false;       ///< DISPATCHER is asked
  bool answers = false;      ///< some are in flight
  time_point looked{};       ///< the last look began
  time_point reported{};     ///< the last report
};

gpu_monitor_actor::behavior_type
gpu_monitor(gpu_monitor_actor::stateful_pointer<gpu_monitor_state> self, gpu_links links);

} // namespace conductor
