#include "actors/fleet.hpp"

#include "actors/routing.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;
using fit = candidate::fit;

/// A fleet in a test's hand, and a clock that it moves.
class a_fleet : public ::testing::Test {
protected:
  void add(std::string name, std::optional<unsigned> parallel = 1,
           std::optional<unsigned> max_loaded = {}) {
    auto s = std::make_shared<backend_settings>();
    s->name = std::move(name);
    s->parallel = parallel;
    s->max_loaded = max_loaded;
    subject.put(s);
  }
  /// It has these, `name` or `name=blob`, and those of them in memory.
  void tell(std::string name, std::vector<std::string> has,
            std::vector<loaded_model> loaded = {}) {
    backend_status s;
    s.name = std::move(name);
    s.state = backend_state::up;
    auto known = std::make_shared<inventory>();
    for (const auto& m : has) {
      const auto equals = std::min(m.find('='), m.size());
      known->models.push_back(
          {m.substr(0, equals), "", m.substr(std::min(equals + 1, m.size())), {}, false});
    }
    s.known = std::move(known);
    s.loaded = std::move(loaded);
    subject.heard(std::move(s), now);
  }
  static loaded_model in_memory(std::string name, std::uint64_t context = 4096) {
    return {std::move(name), "", 10, 10, context, "e"};
  }
  static acquire wish(std::string model, std::string options = {},
                      dialect speaks = dialect::ollama) {
    auto about = std::make_shared<request>();
    about->speaks = speaks;
    acquire w;
    w.model = std::move(model);
    w.options = std::move(options);
    w.takes_place = true;
    w.about = std::move(about);
    return w;
  }
  fit at(const std::string& backend, const acquire& w) {
    for (const auto& c : subject.assess(w, {}, now))
      if (c.backend == backend)
        return c.is;
    ADD_FAILURE() << "there is no " << backend;
    return fit::unfit;
  }
  lease grant(const std::string& backend, const acquire& w) {
    return subject.grant(++last, backend, w, now);
  }
  void load(const std::string& backend, const acquire& w) {
    auto& m = *subject.find(backend);
    ASSERT_EQ(at(backend, w), fit::load);
    subject.begin_load(m, subject.load_for(m, w, now));
    now += 2s;
    subject.loaded(backend, now);
  }

  fleet_settings how;
  fleet subject;
  fleet::time_point now{std::chrono::hours(1000)};
  std::uint64_t last = 0;
};

TEST_F(a_fleet, has_to_load_what_is_not_in_memory) {
  add("one", 2);
  tell("one", {"a:latest", "b:latest"}, {in_memory("a:latest")});
  EXPECT_EQ(at("one", wish("a:latest")), fit::ready);
  EXPECT_EQ(at("one", wish("b:latest")), fit::load);
  load("one", wish("b:latest"));
  EXPECT_EQ(at("one", wish("b:latest")), fit::ready);
}

TEST_F(a_fleet, tells_who_gets_a_place_of_the_last_load_of_his_model) {
  add("one", 4);
  tell("one", {"a:latest", "b:latest"});
  const auto before = now;
  load("one", wish("a:latest"));
  const auto l = grant("one", wish("a:latest"));
  EXPECT_EQ(l.load_began, before);
  EXPECT_EQ(l.load_ended, now);
  EXPECT_EQ(grant("one", wish("b:latest")).load_ended, fleet::time_point{});
}

// A client that loads it itself, or one that does not ask here.
TEST_F(a_fleet, sees_that_somebody_else_loaded_a_model_with_other_options) {
  add("one");
  tell("one", {"a:latest"});
  load("one", wish("a:latest", "num_ctx=8192"));
  tell("one", {"a:latest"}, {in_memory("a:latest", 8192)});
  now += 1min;
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=8192")), fit::ready);
  EXPECT_EQ(at("one", wish("a:latest")), fit::load);
  tell("one", {"a:latest"}, {in_memory("a:latest", 4096)});
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=8192")), fit::load);
  EXPECT_EQ(at("one", wish("a:latest")), fit::ready);
}

// Before any probe could tell.
TEST_F(a_fleet, knows_what_a_client_loaded_through_it) {
  add("one");
  tell("one", {"a:latest"});
  load("one", wish("a:latest", "num_ctx=8192"));
  now += 1min;
  auto bare = wish("a:latest");
  bare.bare = true;
  const auto l = grant("one", bare);
  EXPECT_EQ(subject.ended(l.id, now), "one") << "to be looked at";
  tell("one", {"a:latest"}, {in_memory("a:latest", 4096)});
  EXPECT_EQ(at("one", wish("a:latest")), fit::ready);
  now += 1min;
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=8192")), fit::load);
}

// Nobody tells in which order Ollama takes them.
TEST_F(a_fleet, asks_what_is_there_where_a_clients_load_met_other_requests) {
  add("one", 2);
  tell("one", {"a:latest"}, {in_memory("a:latest", 4096)});
  auto bare = wish("a:latest", "num_ctx=8192");
  bare.bare = true;
  const auto l = grant("one", bare);
  grant("one", wish("a:latest"));
  subject.ended(l.id, now);
  EXPECT_EQ(at("one", wish("a:latest")), fit::ready);
  tell("one", {"a:latest"}, {in_memory("a:latest", 8192)});
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=8192")), fit::ready);
}

TEST_F(a_fleet, leaves_a_backend_alone_where_a_load_hung) {
  add("one");
  tell("one", {"a:latest"});
  const auto w = wish("a:latest");
  auto& m = *subject.find("one");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(subject.load_for(m, w, now).patience.count(), 0) << "too little is known";
    load("one", w);
    now += 1min;
    tell("one", {"a:latest"}); // it left the memory
  }
  const auto l = subject.load_for(m, w, now);
  EXPECT_EQ(l.patience, 4 * how.stall_floor);
  subject.begin_load(m, l);
  now += l.patience;
  subject.load_failed("one", {errc::stalled, "it hung", 0}, now);
  const auto all = subject.assess(w, {}, now);
  EXPECT_EQ(all[0].is, fit::unfit);
  EXPECT_EQ(all[0].load_error, "it hung");
  now += 61s;
  EXPECT_EQ(at("one", w), fit::load) << "and tries again";
}

TEST_F(a_fleet, tries_loads_that_its_server_fails_no_oftener_than_its_breaker_does) {
  add("one");
  tell("one", {"a:latest"});
  const auto w = wish("a:latest");
  auto& m = *subject.find("one");
  const auto fail = [&] {
    ASSERT_EQ(at("one", w), fit::load);
    subject.begin_load(m, subject.load_for(m, w, now));
    subject.load_failed("one", {errc::upstream_lost, "it hung up", 0}, now);
  };
  for (int i = 0; i < 3; ++i)
    fail();
  for (const auto pause : {1s, 2s, 4s}) {
    const auto all = subject.assess(w, {}, now);
    EXPECT_EQ(all[0].is, fit::unfit);
    EXPECT_EQ(all[0].load_error, "it hung up");
    now += pause - 1ms;
    EXPECT_EQ(at("one", w), fit::unfit);
    now += 1ms;
    fail();
  }
  now += 8s;
  load("one", w);
  EXPECT_EQ(subject.assess(w, {}, now)[0].health, 0) << "one that went well is enough";
}

TEST_F(a_fleet, lets_a_backend_that_comes_back_begin_with_one_answer) {
  add("one", 4);
  tell("one", {"a:latest"}, {in_memory("a:latest")});
  const auto w = wish("a:latest");
  subject.failed({"one", errc::backend_unreachable, "gone", 0}, now);
  tell("one", {"a:latest"}, {in_memory("a:latest")});
  const auto first = grant("one", w);
  EXPECT_TRUE(first.watched);
  EXPECT_EQ(at("one", w), fit::full);
  subject.began(first.id, now);
  const auto second = grant("one", w);
  EXPECT_EQ(at("one", w), fit::full);
  subject.began(second.id, now);
  grant("one", w);
  EXPECT_EQ(at("one", w), fit::ready) << "four are its places";
}

TEST_F(a_fleet, counts_the_loads_that_had_another_model_leave) {
  add("one", 1, 1);
  tell("one", {"a:latest", "b:latest"});
  load("one", wish("a:latest"));
  EXPECT_EQ(subject.status()[0].swaps, 0u);
  now += 1min;
  load("one", wish("b:latest"));
  const auto told = subject.status()[0];
  EXPECT_EQ(told.loads, 2u);
  EXPECT_EQ(told.swaps, 1u);
  EXPECT_EQ(told.swap_time, 2s);
}

TEST_F(a_fleet, follows_a_changed_rule_for_a_model) {
  add("one");
  tell("one", {"a:latest"});
  load("one", wish("a:latest", "num_ctx=8192"));
  now += 1min;
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=2048")), fit::load);
  model_settings raised;
  raised.name = "a";
  raised.options = option_policy::raise;
  subject.use_models({raised});
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=2048")), fit::ready);
}

TEST_F(a_fleet, loads_one_model_at_a_time_on_each_backend) {
  add("one");
  add("two");
  tell("one", {"a:latest", "b:latest"});
  tell("two", {"a:latest", "b:latest"});
  auto& one = *subject.find("one");
  subject.begin_load(one, subject.load_for(one, wish("a:latest"), now));
  EXPECT_EQ(at("one", wish("a:latest")), fit::loading);
  EXPECT_EQ(at("one", wish("b:latest")), fit::blocked);
  EXPECT_EQ(at("two", wish("b:latest")), fit::load);
}

// Two names of the same weights are one runner for Ollama.
TEST_F(a_fleet, knows_aliases_as_one) {
  add("one", 1);
  tell("one", {"a:latest=b1", "alias:latest=b1"}, {in_memory("a:latest")});
  EXPECT_EQ(at("one", wish("alias:latest")), fit::ready);
  const auto l = grant("one", wish("a:latest"));
  EXPECT_EQ(at("one", wish("alias:latest")), fit::full);
  subject.ended(l.id, now);
  EXPECT_EQ(at("one", wish("alias:latest")), fit::ready);
}

// Leases that were given before the weights were known are counted on.
TEST_F(a_fleet, counts_on_when_it_learns_of_an_alias) {
  add("one", 1);
  const auto l = grant("one", wish("a:latest"));
  tell("one", {"a:latest=b1", "alias:latest=b1"}, {in_memory("a:latest")});
  EXPECT_EQ(at("one", wish("alias:latest")), fit::full);
  subject.ended(l.id, now);
  EXPECT_EQ(at("one", wish("alias:latest")), fit::ready);
}

TEST_F(a_fleet, takes_other_runner_options_for_another_load) {
  add("one", 2);
  tell("one", {"a:latest"}, {in_memory("a:latest", 4096)});
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=4096")), fit::ready)
      << "somebody loaded it with that context";
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=8192")), fit::load);
  load("one", wish("a:latest", "num_ctx=8192"));
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=8192")), fit::ready);
  now += 5s;
  EXPECT_EQ(at("one", wish("a:latest")), fit::load) << "none given is another value";
}

TEST_F(a_fleet, does_not_reload_under_an_answer) {
  add("one", 2);
  tell("one", {"a:latest"}, {in_memory("a:latest", 4096)});
  const auto l = grant("one", wish("a:latest"));
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=8192")), fit::blocked);
  subject.ended(l.id, now);
  now += 5s;
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=8192")), fit::load);
}

TEST_F(a_fleet, pins_options_and_says_what_to_change) {
  model_settings m;
  m.name = "a";
  m.options = option_policy::pin;
  m.num_ctx = 8192;
  m.keep_alive = "\"1h\"";
  how.models = {m};
  subject = fleet{how};
  add("one", 2);
  tell("one", {"a:latest"});
  load("one", wish("a:latest", "num_ctx=2048"));
  for (const auto* asked : {"", "num_ctx=2048", "num_ctx=100000"}) {
    ASSERT_EQ(at("one", wish("a:latest", asked)), fit::ready) << asked;
    const auto l = grant("one", wish("a:latest", asked));
    ASSERT_TRUE(l.changes);
    EXPECT_EQ(l.changes->options,
              (std::vector<std::pair<std::string, std::string>>{{"num_ctx", "8192"}}));
    EXPECT_EQ(l.changes->keep_alive, "\"1h\"");
    subject.ended(l.id, now);
  }
  const auto same = grant("one", wish("a:latest", "num_ctx=8192"));
  EXPECT_TRUE(same.changes->options.empty()) << "it is what was asked for";
}

TEST_F(a_fleet, never_makes_a_raised_model_smaller) {
  model_settings m;
  m.name = "a*";
  m.options = option_policy::raise;
  how.models = {m};
  subject = fleet{how};
  add("one", 2);
  tell("one", {"a:latest"});
  load("one", wish("a:latest", "num_ctx=4096"));
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=2048")), fit::ready);
  EXPECT_EQ(at("one", wish("a:latest")), fit::ready);
  now += 5s;
  load("one", wish("a:latest", "num_ctx=8192"));
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=4096")), fit::ready);
}

// However many gave up, no more are sent than there are places.
TEST_F(a_fleet, sends_no_more_to_test_zombies_than_there_are_places) {
  add("one", 1);
  tell("one", {"a:latest"}, {in_memory("a:latest")});
  for (int i = 0; i < 2; ++i) {
    const auto l = grant("one", wish("a:latest"));
    spent cut;
    cut.lease = l.id;
    cut.cut = true;
    subject.settle(cut, now);
    subject.ended(l.id, now);
    now += 300ms;
    EXPECT_EQ(at("one", wish("a:latest")), fit::ready) << "one may test it";
  }
  grant("one", wish("a:latest"));
  EXPECT_EQ(at("one", wish("a:latest")), fit::full) << "the other one has to wait";
}

// Who is pinned elsewhere, or failed here, waits for no place here.
TEST_F(a_fleet, holds_nothing_back_for_those_who_wait_for_another_backend) {
  add("one", 2);
  add("two", 2);
  for (const auto* name : {"one", "two"})
    tell(name, {"a:latest"}, {in_memory("a:latest")});
  load("one", wish("a:latest", "num_ctx=8192"));
  auto pinned = wish("a:latest");
  pinned.pinned = "two";
  auto failed = wish("a:latest");
  failed.tried = {"one"};
  subject.waits(pinned, now);
  subject.waits(failed, now);
  now += 1min;
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=8192")), fit::ready);
  subject.waits_no_more(pinned, now - 1min);
  subject.waits_no_more(failed, now - 1min);
  subject.waits(wish("a:latest"), now - 1min);
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=8192")), fit::blocked);
}

// They share a runner, so they stand in one line.
TEST_F(a_fleet, counts_those_who_wait_under_an_alias) {
  add("one", 1);
  tell("one", {"a:latest=blob", "b:latest=blob"}, {in_memory("a:latest")});
  grant("one", wish("a:latest"));
  subject.waits(wish("a:latest"), now);
  subject.waits(wish("a:latest"), now);
  subject.waits(wish("b:latest"), now);
  const auto turn = subject.mean_cost("a:latest");
  EXPECT_EQ(subject.assess(wish("a:latest"), {}, now)[0].wait_s, 4 * turn);
  EXPECT_EQ(subject.assess(wish("b:latest"), {}, now)[0].wait_s, 4 * turn);
}

// To name the context that Ollama chose by itself would make it load the model anew.
TEST_F(a_fleet, leaves_a_raised_model_as_it_was_loaded_where_nobody_asks_for_more) {
  model_settings m;
  m.name = "a*";
  m.options = option_policy::raise;
  how.models = {m};
  subject = fleet{how};
  add("one", 2);
  tell("one", {"a:latest"});
  load("one", wish("a:latest"));
  tell("one", {"a:latest"}, {in_memory("a:latest", 4096)});
  EXPECT_EQ(at("one", wish("a:latest")), fit::ready);
  EXPECT_FALSE(grant("one", wish("a:latest")).changes);
}

// Models that do not fit together are found out, and swapped in batches.
TEST_F(a_fleet, finds_out_what_does_not_fit_together) {
  add("one", 1);
  tell("one", {"a:latest", "b:latest"}, {in_memory("a:latest")});
  load("one", wish("b:latest"));
  tell("one", {"a:latest", "b:latest"}, {in_memory("b:latest")}); // a had to go
  const auto l = grant("one", wish("b:latest"));
  EXPECT_EQ(at("one", wish("a:latest")), fit::blocked);
  subject.ended(l.id, now);
  now += 5s;
  EXPECT_EQ(at("one", wish("a:latest")), fit::load);
}

TEST_F(a_fleet, swaps_no_sooner_than_who_waits_has_waited_long_enough) {
  add("one", 1, 1);
  tell("one", {"a:latest", "b:latest"}, {in_memory("a:latest")});
  now += 1s;
  const auto waits_since = now;
  subject.waits(wish("b:latest"), waits_since);
  auto l = grant("one", wish("a:latest"));
  subject.waits(wish("a:latest"), now);
  for (int i = 0; i < 9; ++i) {
    now += 1s;
    subject.ended(l.id, now);
    ASSERT_EQ(at("one", wish("b:latest")), fit::blocked) << "a is still wanted";
    ASSERT_EQ(at("one", wish("a:latest")), fit::ready);
    l = grant("one", wish("a:latest"));
  }
  now += 2s; // b has waited for queue.swap_after
  EXPECT_EQ(at("one", wish("a:latest")), fit::blocked) << "it makes room";
  subject.ended(l.id, now);
  EXPECT_EQ(at("one", wish("b:latest")), fit::load);
  load("one", wish("b:latest"));
  subject.waits_no_more(wish("b:latest"), waits_since);
  EXPECT_EQ(at("one", wish("a:latest")), fit::blocked) << "b has just come";
}

TEST_F(a_fleet, swaps_at_once_where_nobody_wants_the_other) {
  add("one", 1, 1);
  tell("one", {"a:latest", "b:latest"}, {in_memory("a:latest")});
  EXPECT_EQ(at("one", wish("b:latest")), fit::load);
}

TEST_F(a_fleet, keeps_pinned_models_in_memory) {
  model_settings m;
  m.name = "a";
  m.pin = true;
  how.models = {m};
  subject = fleet{how};
  add("one", 1);
  EXPECT_TRUE(subject.wanted_loads(now).empty()) << "not before it tells its models";
  tell("one", {"a:latest", "b:latest"});
  auto wanted = subject.wanted_loads(now);
  ASSERT_EQ(wanted.size(), 1u);
  EXPECT_EQ(wanted[0].second.model, "a:latest");
  EXPECT_EQ(wanted[0].second.set.keep_alive, "-1");
  tell("one", {"a:latest", "b:latest"}, {in_memory("a:latest")});
  EXPECT_TRUE(subject.wanted_loads(now).empty());
  subject.pin("one", "b:latest", true);
  ASSERT_EQ(subject.wanted_loads(now).size(), 1u);
}

TEST_F(a_fleet, forgets_what_it_found_out_of_a_server_that_was_restarted) {
  add("one", {});
  tell("one", {"a:latest"}, {in_memory("a:latest")});
  EXPECT_EQ(at("one", wish("a:latest", "num_ctx=4096")), fit::ready);
  subject.failed({"one", errc::backend_unreachable, "refused", 0}, now);
  EXPECT_EQ(subject.assess(wish("a:latest"), {}, now)[0].health, 3);
  tell("one", {"a:latest"});
  EXPECT_EQ(at("one", wish("a:latest")), fit::load);
}

// A probe may have asked before an answer that is over already.
TEST_F(a_fleet, believes_no_probe_older_than_an_answer) {
  add("one", 1);
  const auto l = grant("one", wish("a:latest"));
  subject.ended(l.id, now);
  tell("one", {"a:latest"});
  EXPECT_EQ(at("one", wish("a:latest")), fit::ready);
  now += 2s;
  tell("one", {"a:latest"});
  EXPECT_EQ(at("one", wish("a:latest")), fit::load);
}

TEST_F(a_fleet, loads_nothing_for_models_that_run_elsewhere) {
  add("one", 1);
  tell("one", {"a:latest"});
  EXPECT_EQ(at("one", wish("big:cloud")), fit::ready);
  grant("one", wish("big:cloud"));
  EXPECT_EQ(at("one", wish("big:cloud")), fit::ready) << "nor are their places counted";
}

TEST_F(a_fleet, carries_options_only_where_the_dialect_can) {
  model_settings m;
  m.name = "a";
  m.options = option_policy::pin;
  m.num_ctx = 8192;
  how.models = {m};
  subject = fleet{how};
  add("one", 2);
  tell("one", {"a:latest"});
  EXPECT_FALSE(grant("one", wish("a:latest", {}, dialect::openai)).changes);
}

// Whatever is done, every place comes back.
TEST_F(a_fleet, keeps_nothing_of_what_no_backend_has) {
  add("one", 2);
  tell("one", {"a:latest"});
  const auto known = grant("one", wish("a:latest"));
  subject.ended(known.id, now);
  for (int i = 0; i < 3; ++i)
    for (const char* kind : {":latest", ":cloud"}) {
      const auto model = std::to_string(i) + kind;
      const auto l = grant("one", wish(model));
      EXPECT_EQ(subject.status()[0].runners.size(), 2u);
      subject.ended(l.id, now);
    }
  ASSERT_EQ(subject.status()[0].runners.size(), 1u);
  EXPECT_EQ(subject.status()[0].runners[0].model, "a:latest");
}

TEST_F(a_fleet, forgets_with_its_zombies_what_no_backend_has) {
  add("one", 2);
  tell("one", {"a:latest"});
  const auto l = grant("one", wish("b:latest"));
  spent s;
  s.lease = l.id;
  s.model = "b:latest";
  s.cut = true;
  subject.settle(s, now);
  subject.ended(l.id, now);
  EXPECT_EQ(subject.status()[0].zombies, 1u);
  now += 2s;
  tell("one", {"a:latest"});
  EXPECT_EQ(subject.status()[0].zombies, 0u);
  EXPECT_TRUE(subject.status()[0].runners.empty());
}

TEST_F(a_fleet, keeps_what_is_in_memory_under_whatever_name) {
  add("one", 2);
  tell("one", {"a:latest"}, {in_memory("gone:latest")});
  const auto l = grant("one", wish("gone:latest"));
  subject.ended(l.id, now);
  EXPECT_TRUE(subject.status()[0].runners[0].loaded);
  now += 2s;
  tell("one", {"a:latest"});
  EXPECT_TRUE(subject.status()[0].runners.empty());
}

TEST_F(a_fleet, gives_back_what_it_gave_whatever_happens) {
  std::uint32_t seed = 20261125;
  SCOPED_TRACE(seed);
  const auto random = [&](std::uint32_t n) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
  };
  const std::vector<std::string> names{"one", "two", "three"};
  for (const auto& n : names)
    add(n, random(2) == 0 ? std::optional<unsigned>{1 + random(3)} : std::nullopt,
        random(2) == 0 ? std::optional<unsigned>{1 + random(2)} : std::nullopt);
  const std::vector<std::string> models{"a:latest", "b:latest", "c:latest"};
  std::vector<lease> out;
  for (int step = 0; step < 20'000; ++step) {
    now += std::chrono::milliseconds(random(500));
    const auto& backend = names[random(3)];
    const auto w = wish(models[random(3)], random(2) == 0 ? "" : "num_ctx=8192");
    switch (random(8)) {
    case 0: {
      std::vector<loaded_model> loaded;
      for (const auto& m : models)
        if (random(2) == 0)
          loaded.push_back(in_memory(m));
      tell(backend,
           random(4) == 0
               ? std::vector<std::string>{"a:latest=x", "b:latest=x"}
               : std::vector<std::string>{"a:latest", "b:latest=y", "c:latest"},
           loaded);
      break;
    }
    case 1:
      subject.failed({backend,
                      random(2) == 0 ? errc::upstream_lost : errc::backend_unreachable,
                      "", random(3)},
                     now);
      break;
    case 2:
    case 3: {
      const auto all = subject.assess(w, {}, now);
      const auto what =
          choose_backend(all, w, [](const std::string&) { return backend_status{}; });
      if (const auto* to = std::get_if<go_to>(&what))
        out.push_back(subject.grant(++last, to->backend, w, now));
      else if (const auto* first = std::get_if<load_first>(&what)) {
        auto& m = *subject.find(first->backend);
        ASSERT_FALSE(m.loading) << "one load at a time";
        subject.begin_load(m, subject.load_for(m, w, now));
      }
      break;
    }
    case 4:
      if (random(3) == 0)
        subject.load_failed(backend, {errc::load_failed, "no", 0}, now);
      else
        subject.loaded(backend, now);
      break;
    case 5:
    case 6:
      if (!out.empty()) {
        const auto i = random(static_cast<std::uint32_t>(out.size()));
        if (out[i].watched && random(2) == 0)
          subject.began(out[i].id, now);
        spent s{out[i].id, out[i].model, "f", priority_class::normal, 1s};
        s.whole = random(2) == 0;
        s.cut = !s.whole;
        subject.settle(s, now);
        subject.ended(out[i].id, now);
        out.erase(out.begin() + i);
      }
      break;
    default:
      subject.look(now);
    }
    std::size_t running = 0;
    for (const auto& b : subject.status()) {
      running += b.in_flight;
      std::size_t of_runners = 0;
      for (const auto& r : b.runners)
        of_runners += r.running;
      ASSERT_EQ(of_runners, b.in_flight) << "step " << step << " at " << b.status.name;
    }
    ASSERT_EQ(running, out.size()) << "step " << step;
  }
  for (const auto& l : out)
    subject.ended(l.id, now);
  now += 1h;
  subject.look(now);
  for (const auto& b : subject.status()) {
    EXPECT_EQ(b.in_flight, 0u);
    EXPECT_EQ(b.zombies, 0u);
  }
}

} // namespace
} // namespace conductor::test
