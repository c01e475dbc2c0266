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
  unsigned retry_after_s = 0;
  bool answered() const { return got || !error.empty(); }
};
caf::behavior asker(caf::event_based_actor* self, dispatcher_actor whom, acquire wish,
                    std::shared_ptr<asker_notes> notes) {
  self->request(whom, caf::infinite, wish)
      .then([notes](lease_ptr l) { notes->got = std::move(l); },
            [notes](const caf::error& e) {
              const auto f = to_failure(e);
              notes->error = to_string(f.code);
              notes->retry_after_s = f.retry_after_s;
            });
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
    acquire wish;
    wish.model = std::move(model);
    wish.takes_place = place;
    return ask(std::move(wish));
  }
  std::shared_ptr<asker_notes> ask(acquire wish) {
    auto notes = std::make_shared<asker_notes>();
    askers[notes] = system.spawn(asker, subject, std::move(wish), notes);
    run();
    return notes;
  }

  std::shared_ptr<asker_notes> ask_for(std::string flow, std::string id,
                                       priority_class priority = priority_class::normal,
                                       std::size_t size = 0) {
    auto about = std::make_shared<request>();
    about->id = std::move(id);
    about->flow = std::move(flow);
    about->priority = priority;
    about->body = bytes::adopt(std::string(size, 'x'));
    acquire wish;
    wish.model = "m";
    wish.takes_place = true;
    wish.about = std::move(about);
    return ask(std::move(wish));
  }

  /// An answer ends, and took that long.
  void end_answer(asker_notes& notes, std::string flow, std::chrono::seconds took) {
    caf::anon_send(subject, spent{notes.got->id, "m", std::move(flow),
                                  priority_class::normal, took, true});
    notes.got.reset();
    run();
  }

  template <class Answer, class Query>
  Answer query(Query q) {
    auto result = std::make_shared<Answer>();
    system.spawn([this, result, q](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, q).then([result](const Answer& a) {
        *result = a;
      });
    });
    run();
    return *result;
  }

  fleet_status status() { return query<fleet_status>(fleet_query{}); }

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

// One flow with many requests does not delay another's first by more than what runs.
TEST_F(a_dispatcher, lets_flows_take_turns) {
  start({server("one", 1)});
  auto runs = ask_for("heavy", "0");
  std::vector<std::shared_ptr<asker_notes>> heavy;
  for (int i = 1; i <= 5; ++i)
    heavy.push_back(ask_for("heavy", std::to_string(i)));
  auto light = ask_for("light", "l");
  end_answer(*runs, "heavy", std::chrono::seconds(3));
  EXPECT_TRUE(light->got || heavy[0]->got);
  if (!light->got)
    end_answer(*heavy[0], "heavy", std::chrono::seconds(3));
  EXPECT_TRUE(light->got);
}

TEST_F(a_dispatcher, charges_what_answers_took) {
  start({server("one", 1)});
  auto runs = ask_for("other", "0");
  std::map<std::string, std::vector<std::shared_ptr<asker_notes>>> waiting;
  for (int i = 0; i < 40; ++i)
    for (const auto* flow : {"slow", "quick"})
      waiting[flow].push_back(ask_for(flow, flow + std::to_string(i)));
  end_answer(*runs, "other", std::chrono::seconds(1));
  std::map<std::string, int> served;
  for (int i = 0; i < 30; ++i)
    for (auto& [flow, all] : waiting) {
      const auto now =
          std::find_if(all.begin(), all.end(), [](const auto& n) { return n->got; });
      if (now == all.end())
        continue;
      ++served[flow];
      end_answer(**now, flow, std::chrono::seconds(flow == "slow" ? 10 : 1));
      break;
    }
  EXPECT_GT(served["quick"], 5 * served["slow"]);
  EXPECT_GE(served["slow"], 1);
  for (auto& [flow, all] : waiting)
    for (auto& n : all)
      n->got.reset();
}

TEST_F(a_dispatcher, serves_better_classes_first) {
  start({server("one", 1)});
  auto runs = ask_for("a", "0");
  auto batch = ask_for("a", "1", priority_class::batch);
  auto normal = ask_for("b", "2");
  auto interactive = ask_for("c", "3", priority_class::interactive);
  const auto order = query<queue_list>(queue_query{});
  ASSERT_EQ(order.size(), 3u);
  EXPECT_EQ(order[0].about->id, "3");
  EXPECT_EQ(order[2].about->id, "1");
  EXPECT_LT(order[0].wait, order[2].wait);
  end_answer(*runs, "a", std::chrono::seconds(1));
  EXPECT_TRUE(interactive->got);
  end_answer(*interactive, "c", std::chrono::seconds(1));
  EXPECT_TRUE(normal->got);
  EXPECT_FALSE(batch->answered());
}

TEST_F(a_dispatcher, refuses_more_bytes_than_may_wait) {
  limits.max_bytes = 100;
  start({server("one", 1)});
  auto runs = ask_for("a", "0", priority_class::normal, 1000); // does not wait
  EXPECT_TRUE(runs->got);
  auto waits = ask_for("a", "1", priority_class::normal, 60);
  EXPECT_EQ(ask_for("a", "2", priority_class::normal, 60)->error, "queue_full");
  EXPECT_FALSE(waits->answered());
}

TEST_F(a_dispatcher, says_when_it_is_worth_to_come_back) {
  limits.limit = 2;
  start({server("one", 1)});
  auto runs = ask_for("a", "0");
  end_answer(*runs, "a", std::chrono::seconds(20)); // now it knows
  runs = ask_for("a", "1");
  auto one = ask_for("a", "2"), two = ask_for("a", "3");
  const auto refused = ask_for("a", "4");
  EXPECT_EQ(refused->error, "queue_full");
  EXPECT_EQ(refused->retry_after_s, 40u);
}

// What was refused or cut short says nothing of how long others will take.
TEST_F(a_dispatcher, learns_from_whole_answers_only) {
  limits.limit = 1;
  start({server("one", 1)});
  auto runs = ask_for("a", "0");
  end_answer(*runs, "a", std::chrono::seconds(20));
  runs = ask_for("a", "1");
  caf::anon_send(subject, spent{runs->got->id, "m", "a", priority_class::normal,
                                std::chrono::nanoseconds(1), false});
  run();
  auto waits = ask_for("a", "2");
  EXPECT_EQ(ask_for("a", "3")->retry_after_s, 20u);
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
