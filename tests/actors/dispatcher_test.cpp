#include "actors/dispatcher.hpp"

#include "tests/actors/actor_fixture.hpp"

#include <map>

namespace conductor::test {
namespace {

struct fake_backend_state {
  static inline const char* name = "backend";
};
backend_actor::behavior_type
fake_backend(backend_actor::stateful_pointer<fake_backend_state>,
             std::shared_ptr<std::vector<attempt_failed>> failures) {
  return {
      [failures](const attempt_failed& f) { failures->push_back(f); },
      [](tick) {},
  };
}

/// A GENERATION's stand-in that asks for one lease and notes what comes.
struct asker_notes {
  lease_ptr got;
  std::string error;
  bool answered() const { return got || !error.empty(); }
};
caf::behavior asker(caf::event_based_actor* self, dispatcher_actor whom, acquire wish,
                    std::shared_ptr<asker_notes> notes) {
  self->request(whom, caf::infinite, wish)
      .then(
          [notes](lease_ptr l) { notes->got = std::move(l); },
          [notes](const caf::error& e) { notes->error = to_string(to_failure(e).code); });
  return {[](int) {}};
}

class a_dispatcher : public actor_fixture {
protected:
  void start(std::vector<backend_settings> fleet) {
    subject = system.spawn(
        dispatcher, std::move(fleet), limits,
        backend_factory{[this](const backend_settings&, const dispatcher_actor&) {
          backends.push_back(system.spawn(fake_backend, failures));
          return backends.back();
        }});
    run();
  }

  static backend_settings server(std::string name,
                                 std::optional<unsigned> parallel = {}) {
    backend_settings s;
    s.name = std::move(name);
    s.url.host = "127.0.0.1";
    s.parallel = parallel;
    return s;
  }

  void report(std::string name, backend_state state,
              std::optional<unsigned> parallel = {}) {
    backend_status s;
    s.name = std::move(name);
    s.state = state;
    s.parallel = parallel;
    caf::anon_send(subject, s);
    run();
  }

  std::shared_ptr<asker_notes> ask(std::string model = "m", bool place = true) {
    auto notes = std::make_shared<asker_notes>();
    acquire wish;
    wish.model = std::move(model);
    wish.takes_place = place;
    askers[notes] = system.spawn(asker, subject, wish, notes);
    run();
    return notes;
  }

  fleet_status status() {
    auto result = std::make_shared<fleet_status>();
    auto who = system.spawn([this, result](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, fleet_query{})
          .then([result](const fleet_status& s) { *result = s; });
    });
    run();
    return *result;
  }

  ~a_dispatcher() override {
    for (auto& [notes, who] : askers) {
      notes->got.reset();
      end(who);
    }
    run();
    if (subject) {
      const auto now = status();
      for (const auto& b : now.backends) {
        EXPECT_EQ(b.in_flight, 0u) << "a place leaked";
        EXPECT_EQ(b.relayed, 0u) << "a lease leaked";
      }
      EXPECT_EQ(now.waiting, 0u);
      end(subject);
    }
    for (auto& b : backends)
      end(b);
  }

  queue_settings limits;
  std::vector<backend_actor> backends;
  std::shared_ptr<std::vector<attempt_failed>> failures =
      std::make_shared<std::vector<attempt_failed>>();
  std::map<std::shared_ptr<asker_notes>, caf::actor> askers;
  dispatcher_actor subject;
};

TEST_F(a_dispatcher, grants_at_most_parallel_places_per_model) {
  start({server("one", 2)});
  auto first = ask(), second = ask(), third = ask();
  EXPECT_TRUE(first->got);
  EXPECT_TRUE(second->got);
  EXPECT_FALSE(third->answered());
  EXPECT_TRUE(ask("other")->got) << "another model has places of its own";
  first->got.reset();
  run();
  EXPECT_TRUE(third->got);
}

TEST_F(a_dispatcher, grants_without_limit_where_none_is_set) {
  start({server("one")});
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(ask()->got);
  EXPECT_EQ(status().backends[0].in_flight, 100u);
}

TEST_F(a_dispatcher, lets_relayed_requests_pass_a_full_backend) {
  start({server("one", 1)});
  auto busy = ask();
  EXPECT_TRUE(ask("m", false)->got);
  EXPECT_EQ(status().backends[0].relayed, 1u);
}

TEST_F(a_dispatcher, serves_those_who_wait_in_order) {
  start({server("one", 1)});
  auto busy = ask();
  auto a = ask(), b = ask();
  busy->got.reset();
  run();
  EXPECT_TRUE(a->got);
  EXPECT_FALSE(b->answered());
}

TEST_F(a_dispatcher, lets_a_model_with_free_places_pass_one_that_waits) {
  start({server("one", 1)});
  auto busy = ask("a");
  auto waits = ask("a");
  EXPECT_TRUE(ask("b")->got);
  EXPECT_FALSE(waits->answered());
}

TEST_F(a_dispatcher, refuses_what_the_queue_cannot_hold) {
  limits.limit = 1;
  start({server("one", 1)});
  auto busy = ask();
  auto waits = ask();
  EXPECT_EQ(ask()->error, "queue_full");
  EXPECT_FALSE(waits->answered());
}

TEST_F(a_dispatcher, refuses_who_waited_too_long) {
  limits.max_wait = std::chrono::seconds(10);
  start({server("one", 1)});
  auto busy = ask();
  auto waits = ask();
  for (int s = 0; s < 9; ++s)
    advance(std::chrono::seconds(1));
  EXPECT_FALSE(waits->answered());
  for (int s = 0; s < 3; ++s)
    advance(std::chrono::seconds(1));
  EXPECT_EQ(waits->error, "queue_timeout");
}

TEST_F(a_dispatcher, forgets_who_left_the_queue) {
  start({server("one", 1)});
  auto busy = ask();
  auto leaves = ask();
  auto stays = ask();
  end(askers[leaves]);
  EXPECT_EQ(status().waiting, 1u);
  busy->got.reset();
  run();
  EXPECT_TRUE(stays->got);
}

TEST_F(a_dispatcher, takes_back_a_lease_granted_to_nobody) {
  start({server("one", 1)});
  auto busy = ask();
  auto dying = ask();
  caf::anon_send_exit(askers[dying], caf::exit_reason::kill);
  busy->got.reset();
  run();
  EXPECT_EQ(status().backends[0].in_flight, 0u);
}

TEST_F(a_dispatcher, avoids_a_backend_from_its_first_refusal_on) {
  start({server("one"), server("two")});
  report("one", backend_state::up);
  report("two", backend_state::up);
  EXPECT_EQ(ask()->got->backend, "one");
  caf::anon_send(subject, attempt_failed{"one", errc::backend_unreachable, "refused"});
  run();
  EXPECT_EQ(ask()->got->backend, "two");
  ASSERT_EQ(failures->size(), 1u) << "its BACKEND is told";
  report("one", backend_state::up);
  EXPECT_EQ(ask()->got->backend, "one");
}

TEST_F(a_dispatcher, serves_the_queue_when_a_backend_comes_up) {
  start({server("one", 1), server("two", 1)});
  report("one", backend_state::up, 1);
  report("two", backend_state::down, 1);
  auto busy = ask();
  auto waits = ask();
  EXPECT_FALSE(waits->answered());
  report("two", backend_state::up, 1);
  ASSERT_TRUE(waits->got);
  EXPECT_EQ(waits->got->backend, "two");
}

struct keeper_state {
  static inline const char* name = "keeper";
};
keeper_actor::behavior_type keeper(keeper_actor::stateful_pointer<keeper_state>,
                                   std::shared_ptr<std::vector<bool>> recalls) {
  return {[recalls](recall r) { recalls->push_back(r.waiting); }};
}

TEST_F(a_dispatcher, recalls_kept_leases_while_requests_wait_and_on_every_change) {
  start({server("one", 1)});
  auto recalls = std::make_shared<std::vector<bool>>();
  auto k = system.spawn(keeper, recalls);
  caf::anon_send(subject, join{k});
  run();
  recalls->clear();
  auto busy = ask();
  EXPECT_TRUE(recalls->empty());
  auto waits = ask(), waits_too = ask();
  EXPECT_EQ(*recalls, std::vector<bool>{true}) << "said once";
  busy->got.reset();
  run();
  waits->got.reset();
  run();
  EXPECT_EQ(*recalls, (std::vector<bool>{true, false}));
  report("one", backend_state::down);
  EXPECT_EQ(*recalls, (std::vector<bool>{true, false, false}));
  end(k);
}

TEST_F(a_dispatcher, starts_a_backend_that_failed_anew) {
  start({server("one")});
  caf::anon_send_exit(backends[0], caf::exit_reason::unhandled_exception);
  run();
  EXPECT_EQ(backends.size(), 1u);
  advance(std::chrono::seconds(1));
  ASSERT_EQ(backends.size(), 2u);
  caf::anon_send(subject, attempt_failed{"one", errc::backend_unreachable, "refused"});
  run();
  EXPECT_EQ(failures->size(), 1u) << "the new one is told";
}

} // namespace
} // namespace conductor::test
