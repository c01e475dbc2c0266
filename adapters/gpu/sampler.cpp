#include "adapters/gpu/sampler.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <utility>

namespace conductor {
namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

gpu_driver::gpu_driver(gpu_settings how)
    : shared_(std::make_shared<shared>(std::move(how)))
    , thread_("gpu", std::chrono::seconds(1)) {}

gpu_driver::~gpu_driver() {
  std::atomic_store(&shared_->home, {});
}

void gpu_driver::look(const gpu_sampler_actor& home) {
  std::atomic_store(&shared_->home, std::make_shared<const gpu_sampler_actor>(home));
  thread_.post([s = shared_] {
    auto sample = std::make_shared<const gpu_sample>(s->eye.look(now_ms()));
    if (const auto listens = std::atomic_load(&s->home))
      caf::anon_send(*listens, gpu_looked{std::move(sample)});
  });
}

gpu_sampler_actor::behavior_type
gpu_sampler(gpu_sampler_actor::stateful_pointer<gpu_sampler_state> self,
            gpu_driver* driver) {
  self->state.driver = driver;
  return {
      [self](gpu_look) -> caf::result<gpu_sample_ptr> {
        auto& st = self->state;
        auto reply = self->make_response_promise<gpu_sample_ptr>();
        st.waiting.push_back(reply);
        // One look serves all who came before it.
        if (st.waiting.size() == 1)
          st.driver->look(caf::actor_cast<gpu_sampler_actor>(self));
        return reply;
      },
      [self](const gpu_looked& done) {
        for (auto& reply : std::exchange(self->state.waiting, {}))
          reply.deliver(done.sample);
      },
  };
}

} // namespace conductor
