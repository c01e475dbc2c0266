#include "actors/backend.hpp"

#include "tests/actors/fake_dispatcher.hpp"

namespace conductor::test {
namespace {

/// Whether the server answers, and how often it was asked.
struct world {
  bool alive = true;
  std::string version = "0.33.0";
  int probes = 0;
  bool mute = false; ///< gives no real answer
  int answers = 0;   ///< that it was asked for
  std::vector<load_model> loads;
  std::vector<caf::typed_response_promise<load_result>> loading;
  std::vector<backend_status> observed; ///< to OBSERVER
};

struct fake_prober_state {
  static inline const char* name = "prober";
};
prober_actor::behavior_type fake_prober(prober_actor::stateful_pointer<fake_prober_state>,
                                        std::shared_ptr<world> w) {
  return {
      [w](const probe&) -> caf::result<probe_result> {
        ++w->probes;
        if (!w->alive)
          return make_error(errc::backend_unreachable, "refused");
        return probe_result{w->version, std::chrono::microseconds(300), {}, {}};
      },
      [w](const probe_answer& p) -> caf::result<load_result> {
        ++w->answers;
        if (w->mute)
          return make_error(errc::first_byte_timeout, "none came in time");
        return load_result{};
      },
      [](const probe_render&) { return render_result{true}; },
  };
}

/// The load under way ends.
struct load_done {};
} // namespace
} // namespace conductor::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::test::load_done)

namespace conductor::test {
namespace {

using ending_loader = loader_actor::extend<caf::reacts_to<load_done>>;
struct fake_loader_state {
  static inline const char* name = "loader";
};
ending_loader::behavior_type
fake_loader(ending_loader::stateful_pointer<fake_loader_state> self,
            std::shared_ptr<world> w) {
  return {[self, w](const load_model& l) {
            w->loads.push_back(l);
            w->loading.push_back(self->make_response_promise<load_result>());
            return w->loading.back();
          },
          [w](load_done) {
            w->loading.front().deliver(load_result{});
            w->loading.erase(w->loading.begin());
          }};
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
      [](const requests_query&) { return ended_requests{}; },
      [](drain) { return drained{}; },
      [](tick) {},
  };
}

class a_backend : public actor_fixture {
protected:
  void start() {
    timing.probe_interval = std::chrono::seconds(5);
    dispatcher = system.spawn(fake_dispatcher, dispatcher_told);
    loader = system.spawn(fake_loader, w);
    subject = system.spawn(backend, server,
                           backend_links{dispatcher, system.spawn(fake_observer, w),
                                         system.spawn(fake_prober, w),
                                         caf::actor_cast<loader_actor>(loader), timing});
    run();
  }
  ~a_backend() override { end(subject); }

  std::shared_ptr<world> w = std::make_shared<world>();
  std::shared_ptr<dispatcher_notes> dispatcher_told =
      std::make_shared<dispatcher_notes>();
  backend_ptr server = server_named("one", 3);
  upstream_settings timing;
  dispatcher_actor dispatcher;
  ending_loader loader;
  backend_actor subject;
};

TEST_F(a_backend, tells_that_it_is_up_once) {
  start();
  for (int i = 0; i < 3; ++i)
    advance(std::chrono::seconds(5));
  EXPECT_EQ(w->probes, 4);
  ASSERT_EQ(dispatcher_told->told.size(), 1u);
  EXPECT_EQ(dispatcher_told->told[0].state, backend_state::up);
  EXPECT_EQ(dispatcher_told->told[0].version, "0.33.0");
  EXPECT_EQ(dispatcher_told->told[0].parallel, 3u);
  EXPECT_EQ(w->observed.size(), 1u);
}

TEST_F(a_backend, tells_that_it_is_down_with_the_reason) {
  w->alive = false;
  start();
  ASSERT_EQ(dispatcher_told->told.size(), 1u);
  EXPECT_EQ(dispatcher_told->told[0].state, backend_state::down);
  EXPECT_EQ(dispatcher_told->told[0].error, "refused");
}

TEST_F(a_backend, is_looked_at_more_often_while_it_is_down) {
  w->alive = false;
  start();
  advance(std::chrono::milliseconds(500));
  EXPECT_EQ(w->probes, 2);
  w->alive = true;
  advance(std::chrono::seconds(1));
  EXPECT_EQ(w->probes, 3);
  EXPECT_EQ(dispatcher_told->told.back().state, backend_state::up);
  EXPECT_TRUE(dispatcher_told->told.back().error.empty());
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
  EXPECT_EQ(dispatcher_told->told[1].state, backend_state::down);
  EXPECT_EQ(dispatcher_told->told[1].error, "reset");
  EXPECT_EQ(w->probes, 2);
}

TEST_F(a_backend, is_up_again_when_the_attempt_failed_by_chance) {
  start();
  caf::anon_send(subject, attempt_failed{"one", errc::connect_timeout, "late"});
  run();
  EXPECT_EQ(dispatcher_told->told.back().state, backend_state::up);
}

TEST_F(a_backend, tells_a_new_version) {
  start();
  w->version = "0.34.0";
  advance(std::chrono::seconds(5));
  EXPECT_EQ(dispatcher_told->told.back().version, "0.34.0");
}

TEST_F(a_backend, ends_with_its_dispatcher) {
  start();
  end(dispatcher);
  EXPECT_TRUE(ended(subject));
}

TEST_F(a_backend, brings_models_into_memory_one_after_the_other) {
  start();
  std::vector<std::string> done;
  for (const auto* model : {"a", "b"})
    system.spawn([this, model, &done](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, load_model{nullptr, model, {}, {}, {}})
          .then([&done, model](const load_result&) { done.emplace_back(model); });
    });
  run();
  ASSERT_EQ(w->loads.size(), 1u);
  EXPECT_EQ(w->loads[0].server, server);
  const auto before = w->probes;
  caf::anon_send(loader, load_done{});
  run();
  EXPECT_EQ(done, std::vector<std::string>{"a"});
  EXPECT_EQ(w->probes, before + 1) << "what is in memory is looked at";
  ASSERT_EQ(w->loads.size(), 2u);
  caf::anon_send(loader, load_done{});
  run();
  EXPECT_EQ(done, (std::vector<std::string>{"a", "b"}));
}

TEST_F(a_backend, looks_when_it_is_asked_to) {
  start();
  auto got = std::make_shared<backend_status>();
  system.spawn([this, got](caf::event_based_actor* self) {
    self->request(subject, caf::infinite, refresh{}).then([got](const backend_status& s) {
      *got = s;
    });
  });
  run();
  EXPECT_EQ(w->probes, 2);
  EXPECT_EQ(got->state, backend_state::up);
}

// A server may answer every probe and still give no token.
TEST_F(a_backend, counts_as_down_while_it_gives_no_real_answer) {
  auto s = std::make_shared<backend_settings>(*server);
  s->probe_model = "m";
  server = s;
  w->mute = true;
  start();
  for (int i = 0; i < 20; ++i)
    advance(std::chrono::seconds(5));
  EXPECT_GE(w->answers, 1);
  EXPECT_EQ(dispatcher_told->told.back().state, backend_state::down);
  EXPECT_NE(dispatcher_told->told.back().error.find("no real answer of m"),
            std::string::npos);
  w->mute = false;
  for (int i = 0; i < 20; ++i)
    advance(std::chrono::seconds(5));
  EXPECT_EQ(dispatcher_told->told.back().state, backend_state::up);
}

} // namespace
} // namespace conductor::test
