#include "actors/dispatcher.hpp"

#include "tests/actors/fake_dispatcher.hpp"

#include <map>

namespace conductor::test {
namespace {

/// What the BACKENDs' stand-ins were told.
struct backend_notes {
  std::vector<attempt_failed> failures;
  std::vector<load_model> loads;
  std::vector<caf::typed_response_promise<load_result>> loading;
  std::optional<caf::error> refusal; ///< of the loads that end next
  std::map<std::string, int> looks;  ///< by backend
};
struct fake_backend_state {
  static inline const char* name = "backend";
};
backend_actor::behavior_type
fake_backend(backend_actor::stateful_pointer<fake_backend_state> self, std::string name,
             std::shared_ptr<backend_notes> notes) {
  return {
      [notes](const attempt_failed& f) { notes->failures.push_back(f); },
      [notes, name](refresh) {
        ++notes->looks[name];
        return backend_status{};
      },
      [self, notes](const load_model& l) {
        notes->loads.push_back(l);
        notes->loading.push_back(self->make_response_promise<load_result>());
        return notes->loading.back();
      },
      [](const probe_render&) { return render_result{true}; },
      [notes](tick) { // the loads under way end
        for (auto& reply : std::exchange(notes->loading, {}))
          if (notes->refusal)
            reply.deliver(*notes->refusal);
          else
            reply.deliver(load_result{std::chrono::seconds(2)});
      },
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
        dispatcher, dispatcher_settings{std::move(fleet), models, limits, upstream},
        backend_factory{[this](const backend_ptr& server, const dispatcher_actor&) {
          backends.push_back(system.spawn(fake_backend, server->name, told));
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

  void report(std::string name, backend_state state) {
    backend_status s;
    s.name = std::move(name);
    s.state = state;
    caf::anon_send(subject, s);
    run();
  }
  /// It is up, has those models, and those of them in memory.
  void tell_models(std::string name, std::vector<std::string> has,
                   std::vector<std::string> loaded = {}, std::string expires = "e") {
    backend_status s;
    s.name = std::move(name);
    s.state = backend_state::up;
    auto known = std::make_shared<inventory>();
    for (auto& m : has)
      known->models.push_back({m, "digest of " + m, {}, {}, false});
    s.known = std::move(known);
    for (auto& m : loaded)
      s.loaded.push_back({m, "digest of " + m, 10, 10, 4096, expires});
    caf::anon_send(subject, s);
    run();
  }
  /// The loads under way end.
  void end_load(std::optional<caf::error> refusal = {}) {
    told->refusal = std::move(refusal);
    caf::anon_send(backends.front(), tick{});
    run();
  }

  std::shared_ptr<asker_notes> ask(std::string model = "m:latest", bool place = true) {
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
    wish.model = "m:latest";
    wish.takes_place = true;
    wish.about = std::move(about);
    return ask(std::move(wish));
  }

  /// An answer ends, and took that long.
  void end_answer(asker_notes& notes, std::string flow, std::chrono::seconds took) {
    caf::anon_send(subject, spent{notes.got->id, "m:latest", std::move(flow),
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
  std::shared_ptr<backend_notes> told = std::make_shared<backend_notes>();
  std::vector<model_settings> models;
  upstream_settings upstream;
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

// Nobody knows how many Ollama answers at once: it is found out.
TEST_F(a_dispatcher, gives_more_places_as_answers_begin_in_time) {
  start({server("one")});
  std::vector<std::shared_ptr<asker_notes>> all;
  for (int i = 0; i < 20; ++i)
    all.push_back(ask());
  const auto granted = [&] {
    return std::count_if(all.begin(), all.end(), [](const auto& n) { return n->got; });
  };
  const auto at_first = granted();
  EXPECT_LT(at_first, 20);
  EXPECT_GE(at_first, 1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_TRUE(all[i]->got) << i;
    if (all[i]->got->watched)
      caf::anon_send(subject, began{all[i]->got->id});
    run();
  }
  EXPECT_EQ(granted(), 20);
}

// What waits inside Ollama tells how many places there are.
TEST_F(a_dispatcher, holds_back_what_would_wait_inside_ollama) {
  start({server("one")});
  auto runs = ask();
  ASSERT_TRUE(runs->got->watched);
  advance(std::chrono::milliseconds(50));
  caf::anon_send(subject, began{runs->got->id});
  run();
  auto hidden = ask();
  ASSERT_TRUE(hidden->got);
  for (int i = 0; i < 20; ++i)
    advance(std::chrono::milliseconds(100));
  EXPECT_EQ(status().backends[0].runners[0].places, 1u);
  EXPECT_TRUE(status().backends[0].runners[0].learned);
  auto waits = ask();
  EXPECT_FALSE(waits->answered());
  runs->got.reset();
  run();
  EXPECT_FALSE(waits->answered()) << "the hidden one has the place now";
  hidden->got.reset();
  run();
  EXPECT_TRUE(waits->got);
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
  caf::anon_send(subject, spent{runs->got->id, "m:latest", "a", priority_class::normal,
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
  ASSERT_EQ(told->failures.size(), 1u) << "its BACKEND is told";
  report("one", backend_state::up);
  EXPECT_EQ(ask()->got->backend, "one");
}

TEST_F(a_dispatcher, serves_the_queue_when_a_backend_comes_up) {
  start({server("one", 1), server("two", 1)});
  report("one", backend_state::up);
  report("two", backend_state::down);
  auto busy = ask();
  auto waits = ask();
  EXPECT_FALSE(waits->answered());
  report("two", backend_state::up);
  ASSERT_TRUE(waits->got);
  EXPECT_EQ(waits->got->backend, "two");
}

TEST_F(a_dispatcher, loads_a_model_once_for_all_who_wait_for_it) {
  start({server("one", 2)});
  tell_models("one", {"m:latest"});
  auto first = ask("m:latest"), second = ask("m:latest");
  EXPECT_FALSE(first->answered());
  ASSERT_EQ(told->loads.size(), 1u);
  EXPECT_EQ(told->loads[0].model, "m:latest");
  EXPECT_EQ(query<queue_list>(queue_query{})[0].loading_on, "one");
  end(askers[first]); // who leaves does not end it
  EXPECT_EQ(told->loads.size(), 1u);
  end_load();
  EXPECT_TRUE(second->got);
  EXPECT_TRUE(ask("m:latest")->got) << "it is in memory now";
  EXPECT_EQ(told->loads.size(), 1u);
}

TEST_F(a_dispatcher, leaves_loads_to_ollama_where_it_is_told_to) {
  upstream.loads = false;
  start({server("one", 2)});
  tell_models("one", {"m:latest"});
  EXPECT_TRUE(ask("m:latest")->got);
  EXPECT_TRUE(told->loads.empty());
}

TEST_F(a_dispatcher, sends_a_request_that_is_a_load_itself_as_it_is) {
  start({server("one", 2)});
  tell_models("one", {"m:latest"});
  acquire wish;
  wish.model = "m:latest";
  wish.takes_place = wish.bare = true;
  auto bare = ask(wish);
  EXPECT_TRUE(bare->got);
  EXPECT_TRUE(told->loads.empty());
  bare->got.reset();
  run();
  EXPECT_EQ(told->looks["one"], 1) << "what is in memory has changed";
}

// Ollama's own words are best: the request itself gets them.
TEST_F(a_dispatcher, sends_what_cannot_be_loaded_without_a_prompt_as_it_is) {
  start({server("one", 2)});
  tell_models("one", {"m:latest"});
  auto a = ask("m:latest");
  end_load(make_error(errc::bad_request, "does not support generate"));
  EXPECT_TRUE(a->got);
}

TEST_F(a_dispatcher, tells_who_waits_that_the_model_cannot_be_loaded) {
  start({server("one", 2)});
  tell_models("one", {"m:latest"});
  auto a = ask("m:latest"), b = ask("m:latest");
  end_load(make_error(errc::load_failed, "out of memory"));
  EXPECT_EQ(a->error, "load_failed");
  EXPECT_EQ(b->error, "load_failed") << "the load that failed was theirs too";
}

TEST_F(a_dispatcher, charges_a_load_to_the_flow_that_forced_it) {
  start({server("one", 1)});
  tell_models("one", {"m:latest"});
  auto forced = ask_for("a", "1");
  ASSERT_EQ(told->loads.size(), 1u);
  auto same = ask_for("a", "2"), other = ask_for("b", "3");
  end_load();
  EXPECT_TRUE(forced->got || other->got);
  if (forced->got)
    end_answer(*forced, "a", std::chrono::seconds(1));
  EXPECT_TRUE(other->got);
  EXPECT_FALSE(same->answered());
}

// The place of an answer that was given up is taken until Ollama is free of it.
TEST_F(a_dispatcher, keeps_the_place_of_an_answer_that_was_given_up) {
  start({server("one", 1)});
  tell_models("one", {"m:latest"}, {"m:latest"});
  auto runs = ask();
  auto waits = ask();
  spent cut{runs->got->id, "m:latest", "a", priority_class::normal,
            std::chrono::seconds(1)};
  cut.cut = true;
  cut.first = std::chrono::milliseconds(1);
  caf::anon_send(subject, cut);
  runs->got.reset();
  run();
  EXPECT_FALSE(waits->answered());
  EXPECT_EQ(status().backends[0].zombies, 1u);
  advance(std::chrono::milliseconds(150));
  EXPECT_GE(told->looks["one"], 1) << "it is looked at soon";
  tell_models("one", {"m:latest"}, {"m:latest"}, "e"); // still at it
  EXPECT_FALSE(waits->answered());
  tell_models("one", {"m:latest"}, {"m:latest"}, "later"); // it went idle
  EXPECT_TRUE(waits->got);
  EXPECT_EQ(status().backends[0].zombies, 0u);
  EXPECT_GT(status().backends[0].zombie_time.count(), 0);
}

// One is sent to wait for it at Ollama: what it would wait here it waits there, and its
// first record tells that the place is free.
TEST_F(a_dispatcher, sends_one_to_wait_for_such_a_place) {
  start({server("one", 1)});
  auto runs = ask();
  auto tests_it = ask(), waits = ask();
  spent cut{runs->got->id, "m:latest", "a", priority_class::normal,
            std::chrono::seconds(1)};
  cut.cut = true;
  caf::anon_send(subject, cut);
  runs->got.reset();
  run();
  EXPECT_FALSE(tests_it->answered());
  for (int i = 0; i < 4; ++i)
    advance(std::chrono::milliseconds(100));
  ASSERT_TRUE(tests_it->got);
  EXPECT_TRUE(tests_it->got->watched);
  EXPECT_FALSE(waits->answered());
  EXPECT_EQ(status().backends[0].zombies, 1u);
  caf::anon_send(subject, began{tests_it->got->id});
  run();
  EXPECT_EQ(status().backends[0].zombies, 0u);
  EXPECT_FALSE(waits->answered()) << "the place is the tester's now";
  tests_it->got.reset();
  run();
  EXPECT_TRUE(waits->got);
}

// Whatever Ollama does, such a place is not lost for ever.
TEST_F(a_dispatcher, forgets_such_a_place_after_its_grace) {
  limits.zombie_grace = std::chrono::seconds(2);
  start({server("one", 1)});
  auto runs = ask();
  spent cut{runs->got->id, "m:latest", "a", priority_class::normal,
            std::chrono::seconds(1)};
  cut.cut = true;
  caf::anon_send(subject, cut);
  runs->got.reset();
  for (int i = 0; i < 18; ++i)
    advance(std::chrono::milliseconds(100));
  EXPECT_EQ(status().backends[0].zombies, 1u);
  for (int i = 0; i < 4; ++i)
    advance(std::chrono::milliseconds(100));
  EXPECT_EQ(status().backends[0].zombies, 0u);
}

TEST_F(a_dispatcher, gives_a_drained_backend_nothing_new) {
  start({server("one"), server("two")});
  report("one", backend_state::up);
  report("two", backend_state::up);
  auto runs = ask();
  EXPECT_EQ(runs->got->backend, "one");
  query<fleet_status>(backend_change{backend_change::verb::drain, "one", nullptr});
  EXPECT_EQ(ask()->got->backend, "two");
  EXPECT_EQ(runs->got->backend, "one") << "what runs goes on";
  query<fleet_status>(backend_change{backend_change::verb::undrain, "one", nullptr});
  runs->got.reset();
  run();
  EXPECT_EQ(ask()->got->backend, "one");
}

TEST_F(a_dispatcher, takes_backends_in_and_lets_them_go_while_it_runs) {
  start({server("one", 1)});
  auto runs = ask();
  auto waits = ask();
  query<fleet_status>(
      backend_change{backend_change::verb::put, "two", server_named("two", 1)});
  report("two", backend_state::up);
  ASSERT_TRUE(waits->got);
  EXPECT_EQ(waits->got->backend, "two");
  query<fleet_status>(backend_change{backend_change::verb::remove, "one", nullptr});
  EXPECT_EQ(status().backends.size(), 1u);
  runs->got.reset();
  run();
  waits->got.reset();
  run();
  EXPECT_EQ(ask()->got->backend, "two");
}

TEST_F(a_dispatcher, bounds_how_many_are_asked_again_elsewhere) {
  upstream.retries_per_second = 1;
  start({server("one"), server("two")});
  report("one", backend_state::up);
  report("two", backend_state::up);
  int granted = 0;
  for (int i = 0; i < 50; ++i) {
    acquire wish;
    wish.model = "m:latest";
    wish.takes_place = true;
    wish.tried = {"one"};
    auto a = ask(wish);
    granted += a->got ? 1 : 0;
    a->got.reset();
    run();
  }
  EXPECT_EQ(granted, 10);
  EXPECT_EQ(status().retries_refused, 40u);
}

TEST_F(a_dispatcher, leaves_a_backend_alone_where_answers_keep_failing) {
  start({server("one"), server("two")});
  tell_models("one", {"m:latest"}, {"m:latest"});
  tell_models("two", {"m:latest"}, {"m:latest"});
  for (int i = 0; i < 3; ++i)
    caf::anon_send(subject, attempt_failed{"one", errc::upstream_lost, "reset"});
  run();
  EXPECT_TRUE(status().backends[0].tripped);
  EXPECT_EQ(ask()->got->backend, "two");
  advance(std::chrono::milliseconds(1100));
  auto trial = ask();
  ASSERT_EQ(trial->got->backend, "one");
  EXPECT_TRUE(trial->got->watched);
  EXPECT_EQ(ask()->got->backend, "two") << "one trial at a time";
  caf::anon_send(subject, began{trial->got->id});
  run();
  EXPECT_FALSE(status().backends[0].tripped);
}

TEST_F(a_dispatcher, explains_where_a_request_went) {
  start({server("one"), server("two")});
  report("one", backend_state::down);
  report("two", backend_state::up);
  auto a = ask_for("flow", "r1");
  const auto why = query<explanations>(explain_query{"r1"});
  ASSERT_EQ(why.size(), 1u);
  EXPECT_EQ(why[0].backend, "two");
  EXPECT_EQ(why[0].decided, "granted");
  ASSERT_EQ(why[0].candidates.size(), 2u);
  EXPECT_EQ(why[0].candidates[0].health, 3);
  EXPECT_TRUE(query<explanations>(explain_query{"other"}).empty());
}

struct keeper_state {
  static inline const char* name = "keeper";
};
keeper_actor::behavior_type keeper(keeper_actor::stateful_pointer<keeper_state>,
                                   std::shared_ptr<std::vector<bool>> recalls) {
  return {[recalls](recall r) { recalls->push_back(r.waiting); }};
}

keeper_actor::behavior_type watcher(keeper_actor::stateful_pointer<keeper_state>,
                                    std::shared_ptr<int> asked) {
  return {[asked](recall r) { *asked += r.watch; }};
}

// Watching costs a way to the DISPATCHER for each answer.
TEST_F(a_dispatcher, watches_nothing_for_a_second_when_many_began_at_once) {
  start({server("one")});
  const auto asked = std::make_shared<int>(0);
  auto k = system.spawn(watcher, asked);
  caf::anon_send(subject, join{k});
  run();
  const auto held = ask();
  unsigned watched = 0;
  for (int i = 0; i < 100; ++i) {
    const auto one = ask();
    ASSERT_TRUE(one->got);
    watched += one->got->watched;
    if (one->got->watched)
      caf::anon_send(subject, began{one->got->id});
    run();
    one->got.reset();
    run();
  }
  EXPECT_GE(watched, 16u);
  EXPECT_LE(watched, 40u);
  for (int i = 0; i < 9; ++i)
    advance(std::chrono::milliseconds(100));
  EXPECT_EQ(*asked, 0);
  for (int i = 0; i < 3; ++i)
    advance(std::chrono::milliseconds(100));
  EXPECT_EQ(*asked, 1);
  EXPECT_TRUE(ask()->got->watched);
  end(k);
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
  EXPECT_EQ(told->failures.size(), 1u) << "the new one is told";
}

} // namespace
} // namespace conductor::test
