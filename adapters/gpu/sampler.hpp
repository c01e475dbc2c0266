#pragma once

#include "adapters/blocking/executor.hpp"
#include "adapters/gpu/eye.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <memory>

namespace conductor {

/// A look is over.
struct gpu_looked {
  gpu_sample_ptr sample;
};

/// GPU PROBE over a driver, which also hears from its thread.
using gpu_sampler_actor = gpu_probe_actor::extend<caf::reacts_to<gpu_looked>>;

/// The thread that calls GPU drivers, and what it looks with; outlives the actor that
/// uses it. At the end a driver that hangs is waited for no longer than a second.
class gpu_driver {
public:
  explicit gpu_driver(gpu_settings how);
  /// After the last actor has ended.
  ~gpu_driver();

  /// Looks on that thread; `home` is told the sample. A driver that hangs holds no actor.
  void look(const gpu_sampler_actor& home);

private:
  /// What the thread may still use when it is left to itself.
  struct shared {
    explicit shared(gpu_settings how) : eye(std::move(how)) {}
    gpu_eye eye;                                   ///< the thread's own
    std::shared_ptr<const gpu_sampler_actor> home; ///< atomic; null: nobody listens
  };

  std::shared_ptr<shared> shared_;
  executor thread_;
};

/// GPU PROBE owns who waits for a look.
struct gpu_sampler_state {
  static inline const char* name = "gpu_probe";
  gpu_driver* driver = nullptr;
  std::deque<caf::typed_response_promise<gpu_sample_ptr>> waiting;
};

gpu_sampler_actor::behavior_type
gpu_sampler(gpu_sampler_actor::stateful_pointer<gpu_sampler_state> self,
            gpu_driver* driver);

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::gpu_looked)
