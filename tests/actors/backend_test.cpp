#include "actors/backend.hpp"

#include "tests/actors/actor_fixture.hpp"

namespace conductor::test {
namespace {

/// Whether the server answers, and how often it was asked.
struct world {
  bool alive = true;
  std::string version = "0.33.0";
  int probes = 0;
  std::vector<backend_status> told;     ///< to DISPATCHER
  std::vector<backend_status> observed; ///< to OBSERVER
};

struct fake_prober_state {
  static inline const char* name = "prober";
};
prober_actor::behavior_type fake_prober(prober_actor::stateful_pointer<fake_prober_state>,
                                        std::shared_ptr<world> w) {
  return {[w](const probe&) -> caf::result<probe_result> {
    ++w->probes;
    if (!w->alive)
      return make_error(errc::backend_unreachable, "refused");
    return probe_result{w->version, std::chrono::microseconds(300)};
  }};
}

struct fake_dispatcher_state {
  static inline const char* name = "dispatcher";
};
dispatcher_actor::behavior_type
fake_dispatcher(dispatcher_actor::stateful_pointer<fake_dispatcher_state>,
                std::shared_ptr<world> w) {
  return {
      [](const acquire&) -> caf::result<lease_ptr> { return make_error(errc::internal); },
      [](lease_ended) {},
      [w](const backend_status& s) { w->told.push_back(s); },
      [](const attempt_failed&) {},
      [](fleet_query) { return fleet_status{}; },
      [](queue_query) { return queue_list{}; },
      [](const spent&) {},
      [](const moved_on&) {},
      [](tick) {},
      [](restart) {},
      [](const join&) {},
  };
}

struct fake_observer_state {
  static inline const char* name = "observer";
};
observer_actor::behavior_type
fake_observer(observer_actor::stateful_pointer<fake_observer_state>,
              std::shared_ptr<world> w) {
  return {
      [](const request_summary&) {},
      [w](const backend_status& s) { w->observed.push_back(s); },
  };
}

class a_backend : public actor_fixture {
protected:
  void start() {
    timing.probe_interval = std::chrono::seconds(5);
    dispatcher = system.spawn(fake_dispatcher, w);
    subject = system.spawn(backend, backend_settings{"one", {}, 3u},
                           backend_links{dispatcher, system.spawn(fake_observer, w),
                                         system.spawn(fake_prober, w), timing});
    run();
  }
  ~a_backend() override { end(subject); }

  std::shared_ptr<world> w = std::make_shared<world>();
  upstream_settings timing;
  dispatcher_actor dispatcher;
  backend_actor subject;
};

TEST_F(a_backend, tells_that_it_is_up_once) {
  start();
  for (int i = 0; i < 3; ++i)
    advance(std::chrono::seconds(5));
  EXPECT_EQ(w->probes, 4);
  ASSERT_EQ(w->told.size(), 1u);
  EXPECT_EQ(w->told[0].state, backend_state::up);
  EXPECT_EQ(w->told[0].version, "0.33.0");
  EXPECT_EQ(w->told[0].parallel, 3u);
  EXPECT_EQ(w->observed.size(), 1u);
}

TEST_F(a_backend, tells_that_it_is_down_with_the_reason) {
  w->alive = false;
  start();
  ASSERT_EQ(w->told.size(), 1u);
  EXPECT_EQ(w->told[0].state, backend_state::down);
  EXPECT_EQ(w->told[0].error, "refused");
}

TEST_F(a_backend, is_looked_at_more_often_while_it_is_down) {
  w->alive = false;
  start();
  advance(std::chrono::milliseconds(500));
  EXPECT_EQ(w->probes, 2);
  w->alive = true;
  advance(std::chrono::seconds(1));
  EXPECT_EQ(w->probes, 3);
  EXPECT_EQ(w->told.back().state, backend_state::up);
  EXPECT_TRUE(w->told.back().error.empty());
}

TEST_F(a_backend, is_never_looked_at_less_often_than_the_interval) {
  w->alive = false;
  start();
  for (int i = 0; i < 100; ++i)
    advance(std::chrono::seconds(5));
  EXPECT_GE(w->probes, 100);
}

TEST_F(a_backend, takes_a_failed_attempt_for_news_and_looks_at_once) {
  start();
  w->alive = false;
  caf::anon_send(subject, attempt_failed{"one", errc::backend_unreachable, "reset"});
  run();
  EXPECT_EQ(w->told[1].state, backend_state::down);
  EXPECT_EQ(w->told[1].error, "reset");
  EXPECT_EQ(w->probes, 2);
}

TEST_F(a_backend, is_up_again_when_the_attempt_failed_by_chance) {
  start();
  caf::anon_send(subject, attempt_failed{"one", errc::connect_timeout, "late"});
  run();
  EXPECT_EQ(w->told.back().state, backend_state::up);
}

TEST_F(a_backend, tells_a_new_version) {
  start();
  w->version = "0.34.0";
  advance(std::chrono::seconds(5));
  EXPECT_EQ(w->told.back().version, "0.34.0");
}

TEST_F(a_backend, ends_with_its_dispatcher) {
  start();
  end(dispatcher);
  EXPECT_TRUE(ended(subject));
}

} // namespace
} // namespace conductor::test
