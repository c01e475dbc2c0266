#include "adapters/gpu/sampler.hpp"

#include "tests/support/nvml/stub_facts.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

/// GPU PROBE with its own thread, before the stub of NVML.
class a_gpu_sampler : public ::testing::Test {
protected:
  a_gpu_sampler() {
    gpu_settings how;
    how.probe = gpu_probe_kind::nvml;
    how.library = NVML_STUB_LIBRARY;
    driver = std::make_unique<gpu_driver>(how);
    subject = system.spawn(gpu_sampler, driver.get());
  }
  /// As the node ends it: first the actor, then the driver, at last the system.
  void finish() {
    caf::anon_send_exit(subject, caf::exit_reason::user_shutdown);
    subject = nullptr;
    system.await_all_actors_done();
    driver.reset();
  }
  void TearDown() override {
    if (driver)
      finish();
  }

  stub_facts said;
  caf::actor_system_config cfg;
  caf::actor_system system{cfg};
  std::unique_ptr<gpu_driver> driver;
  gpu_sampler_actor subject;
};

TEST_F(a_gpu_sampler, tells_what_its_thread_saw) {
  said.say("devices 2\n1.busy 50\n");
  caf::scoped_actor self{system};
  gpu_sample_ptr seen;
  self->request(subject, 10s, gpu_look{})
      .receive([&](const gpu_sample_ptr& s) { seen = s; },
               [](const caf::error&) { ADD_FAILURE() << "no answer"; });
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->devices.size(), 2u);
  EXPECT_EQ(seen->devices[1].utilization, 0.5);
  EXPECT_GT(seen->time, 1'700'000'000'000);
}

TEST_F(a_gpu_sampler, answers_all_who_ask_during_a_look_when_the_driver_returns) {
  said.say("hang nvmlDeviceGetTemperature\n");
  caf::scoped_actor self{system};
  auto one = self->request(subject, 10s, gpu_look{});
  auto two = self->request(subject, 10s, gpu_look{});
  said.say("");
  int answers = 0;
  for (auto* r : {&one, &two})
    r->receive([&](const gpu_sample_ptr& s) { answers += s->devices.size() == 1; },
               [](const caf::error&) { ADD_FAILURE() << "no answer"; });
  EXPECT_EQ(answers, 2);
}

// The driver never returns: the node ends all the same, and its thread harms nobody.
TEST_F(a_gpu_sampler, ends_though_the_driver_hangs) {
  said.say("hang nvmlDeviceGetTemperature\n");
  caf::anon_send(subject, gpu_look{});
  {
    caf::scoped_actor self{system};
    auto pending = self->request(subject, 200ms, gpu_look{});
    pending.receive([](const gpu_sample_ptr&) { ADD_FAILURE() << "it does not hang"; },
                    [](const caf::error&) {});
  }
  finish();
  EXPECT_FALSE(driver);
  said.say(""); // now it returns, to nobody
}

} // namespace
} // namespace conductor::test
