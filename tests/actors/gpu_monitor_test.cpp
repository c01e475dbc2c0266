#include "actors/gpu_monitor.hpp"

#include "actors/gpu_history.hpp"
#include "tests/actors/fake_dispatcher.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

/// What GPU PROBE's stand-in was asked, and how it answers.
struct probe_notes {
  int looks = 0;
  bool hangs = false;
  double utilization = 0;
  std::size_t devices = 1;
  std::optional<caf::typed_response_promise<gpu_sample_ptr>> held;

  gpu_sample_ptr sample() const {
    auto s = std::make_shared<gpu_sample>();
    s->time = looks * 1000;
    s->probe = devices == 0 ? "none" : "fake";
    for (std::size_t i = 0; i < devices; ++i) {
      gpu_device d;
      d.index = static_cast<std::uint32_t>(i);
      d.utilization = utilization;
      s->devices.push_back(std::move(d));
    }
    return s;
  }
};
struct fake_probe_state {
  static inline const char* name = "gpu_probe";
};
gpu_probe_actor::behavior_type
fake_probe(gpu_probe_actor::stateful_pointer<fake_probe_state> self,
           std::shared_ptr<probe_notes> notes) {
  return {[self, notes](gpu_look) -> caf::result<gpu_sample_ptr> {
    ++notes->looks;
    if (!notes->hangs) {
      if (auto held = std::exchange(notes->held, std::nullopt))
        held->deliver(notes->sample());
      return notes->sample();
    }
    notes->held = self->make_response_promise<gpu_sample_ptr>();
    return *notes->held;
  }};
}

struct fake_observer_state {
  static inline const char* name = "gpu_observer";
};
gpu_observer_actor::behavior_type
fake_observer(gpu_observer_actor::stateful_pointer<fake_observer_state>,
              std::shared_ptr<std::vector<gpu_report_ptr>> seen) {
  return {[seen](const gpu_report_ptr& r) { seen->push_back(r); }};
}

/// GPU MONITOR between a probe, a DISPATCHER and an observer that the test plays.
class a_gpu_monitor : public actor_fixture {
protected:
  a_gpu_monitor() {
    fleet->fleet = [this] { return now; };
    probe = system.spawn(fake_probe, notes);
    dispatcher = system.spawn(fake_dispatcher, fleet);
    observer = system.spawn(fake_observer, told);
    backend_load one;
    one.status.name = "one";
    one.status.url = "http://127.0.0.1:11434";
    one.status.state = backend_state::up;
    now.backends.push_back(one);
  }
  ~a_gpu_monitor() override {
    notes->held.reset();
    end(subject);
    end(probe);
    end(dispatcher);
    end(observer);
  }
  void start() {
    subject = system.spawn(
        gpu_monitor, gpu_links{[this] { return probe; }, [this] { return observer; },
                               [this] { return dispatcher; }, gpu_settings{}});
    run();
  }
  gpu_answer_ptr ask(bool history = false) {
    auto got = std::make_shared<gpu_answer_ptr>();
    system.spawn([this, got, history](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, gpu_query{history})
          .then([got](const gpu_answer_ptr& a) { *got = a; });
    });
    run();
    return *got;
  }
  /// The report, once there is one after that number.
  std::shared_ptr<gpu_report_ptr> follow(std::uint64_t after) {
    auto got = std::make_shared<gpu_report_ptr>();
    system.spawn([this, got, after](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, gpu_follow{after})
          .then([got](const gpu_report_ptr& r) { *got = r; });
    });
    run();
    return got;
  }
  backend_load& one() { return now.backends.front(); }
  void beats(int n) {
    for (int i = 0; i < n; ++i)
      advance(1s);
  }

  std::shared_ptr<probe_notes> notes = std::make_shared<probe_notes>();
  std::shared_ptr<dispatcher_notes> fleet = std::make_shared<dispatcher_notes>();
  std::shared_ptr<std::vector<gpu_report_ptr>> told =
      std::make_shared<std::vector<gpu_report_ptr>>();
  fleet_status now;
  gpu_probe_actor probe;
  dispatcher_actor dispatcher;
  gpu_observer_actor observer;
  gpu_monitor_actor subject;
};

TEST_F(a_gpu_monitor, looks_at_once_and_then_seldom_while_nothing_runs) {
  start();
  EXPECT_EQ(notes->looks, 1);
  beats(9);
  EXPECT_EQ(notes->looks, 1);
  beats(1);
  EXPECT_EQ(notes->looks, 2);
}

TEST_F(a_gpu_monitor, looks_for_who_asks_but_no_more_than_once_a_second) {
  start();
  beats(3);
  notes->utilization = 0.5; // another program's
  EXPECT_EQ(ask()->now->last->devices[0].utilization, 0.5);
  EXPECT_EQ(ask()->now->last->devices[0].utilization, 0.5);
  EXPECT_EQ(notes->looks, 2);
}

TEST_F(a_gpu_monitor, lets_nobody_wait_for_a_driver_that_hangs) {
  start();
  beats(3);
  notes->hangs = true;
  auto got = std::make_shared<gpu_answer_ptr>();
  system.spawn([this, got](caf::event_based_actor* self) {
    self->request(subject, caf::infinite, gpu_query{})
        .then([got](const gpu_answer_ptr& a) { *got = a; });
  });
  run();
  EXPECT_EQ(*got, nullptr);
  beats(1);
  ASSERT_NE(*got, nullptr);
  EXPECT_EQ((*got)->now->last->time, 1000);
  EXPECT_NE(ask(), nullptr);
  EXPECT_EQ(notes->looks, 2);
}

TEST_F(a_gpu_monitor, looks_every_second_while_an_answer_is_in_flight) {
  start();
  one().in_flight = 1;
  beats(5);
  EXPECT_EQ(notes->looks, 6);
  one().in_flight = 0;
  beats(5);
  EXPECT_EQ(notes->looks, 6);
}

TEST_F(a_gpu_monitor, looks_every_second_while_a_gpu_works_for_others) {
  notes->utilization = 0.5;
  start();
  beats(5);
  EXPECT_EQ(notes->looks, 6);
}

// The driver hangs: one look is under way and no second one is begun.
TEST_F(a_gpu_monitor, keeps_the_last_sample_and_calls_it_stale_while_the_driver_hangs) {
  notes->utilization = 0.5;
  start();
  const auto before = ask()->now;
  EXPECT_FALSE(before->stale);
  notes->hangs = true;
  beats(4);
  EXPECT_EQ(notes->looks, 2);
  EXPECT_FALSE(ask()->now->stale);
  beats(4);
  EXPECT_EQ(notes->looks, 2);
  const auto hung = ask()->now;
  EXPECT_TRUE(hung->stale);
  EXPECT_EQ(hung->last, before->last);
  const auto said =
      std::count_if(told->begin(), told->end(), [](const auto& r) { return r->stale; });
  EXPECT_EQ(said, 1);

  notes->hangs = false;
  caf::anon_send(probe, gpu_look{}); // somebody else's: it wakes the driver
  run();
  EXPECT_FALSE(ask()->now->stale);
  EXPECT_EQ(notes->looks, 4) << "who asks has one of his own: the last began long ago";
  beats(1);
  EXPECT_EQ(notes->looks, 5);
}

TEST_F(a_gpu_monitor, answers_those_who_follow_while_the_driver_hangs) {
  notes->hangs = true;
  start();
  beats(7);
  const auto after = ask()->now;
  EXPECT_TRUE(after->stale);
  EXPECT_EQ(after->last, nullptr);
  const auto next = follow(after->number);
  EXPECT_EQ(*next, nullptr);
  beats(10);
  ASSERT_NE(*next, nullptr);
  EXPECT_TRUE((*next)->stale);
}

TEST_F(a_gpu_monitor, calls_the_sample_stale_when_the_probe_fails_and_looks_again) {
  start();
  end(probe);
  beats(10);
  EXPECT_TRUE(ask()->now->stale);
  probe = system.spawn(fake_probe, notes);
  beats(10);
  EXPECT_FALSE(ask()->now->stale);
}

TEST_F(a_gpu_monitor, tells_of_a_model_that_is_laid_elsewhere_once) {
  start();
  one().status.loaded = {{"m:latest", "d", 100, 100, 0, ""}};
  beats(1);
  ASSERT_EQ(ask()->now->models.size(), 1u);
  EXPECT_FALSE(ask()->now->models[0].spilled());
  const auto before = told->size();
  one().status.loaded[0].size_on_gpu = 25;
  beats(3);
  EXPECT_EQ(told->size(), before + 1);
  EXPECT_TRUE(told->back()->models[0].spilled());
  EXPECT_EQ(told->back()->models[0].gpu_ratio(), 0.25);
  one().status.state = backend_state::down;
  beats(1);
  EXPECT_TRUE(ask()->now->models.empty());
}

TEST_F(a_gpu_monitor, tells_where_models_lie_though_there_is_no_gpu) {
  notes->devices = 0;
  start();
  EXPECT_EQ(ask()->now->last->probe, "none");
  one().status.loaded = {{"m:latest", "d", 100, 0, 0, ""}};
  beats(5);
  ASSERT_EQ(ask()->now->models.size(), 1u);
  EXPECT_EQ(ask()->now->models[0].gpu_ratio(), 0);
  EXPECT_EQ(ask()->now->local_backends, std::vector<std::string>{"one"});
}

TEST_F(a_gpu_monitor, gives_each_follower_the_next_report_and_no_more) {
  start();
  const auto first = follow(0);
  ASSERT_NE(*first, nullptr) << "there is one already";
  const auto next = follow((*first)->number);
  const auto number = ask()->now->number;
  if (*next == nullptr) {
    beats(10);
  }
  ASSERT_NE(*next, nullptr);
  EXPECT_GT((*next)->number, (*first)->number);
  EXPECT_LE((*next)->number, std::max(number + 1, (*first)->number + 1));
}

TEST_F(a_gpu_monitor, tells_its_history_to_who_asks_for_it) {
  notes->utilization = 0.5;
  start();
  beats(3);
  EXPECT_TRUE(ask(false)->history.empty());
  const auto history = ask(true)->history;
  ASSERT_EQ(history.size(), 4u);
  EXPECT_LT(history.front().time, history.back().time);
  EXPECT_EQ(history.back().points.at(0).utilization, 0.5f);
  EXPECT_TRUE(std::isnan(history.back().points.at(0).power));
}

gpu_sample sample_at(std::int64_t time) {
  gpu_sample s;
  s.time = time;
  s.devices.emplace_back();
  return s;
}

TEST(a_gpu_history, keeps_ten_minutes) {
  gpu_history h;
  for (std::int64_t t = 0; t <= 3'600; ++t)
    h.add(sample_at(t * 1000));
  const auto all = h.all();
  EXPECT_EQ(all.size(), 601u);
  EXPECT_EQ(all.front().time, 3'000'000);
  EXPECT_EQ(all.back().time, 3'600'000);
}

TEST(a_gpu_history, keeps_no_more_than_one_moment_a_second) {
  gpu_history h;
  for (std::int64_t t = 0; t < 10'000; t += 100)
    h.add(sample_at(t));
  EXPECT_LE(h.all().size(), 12u);
  EXPECT_GE(h.all().size(), 9u);
}

TEST(a_gpu_history, begins_anew_when_the_clock_was_set_back) {
  gpu_history h;
  h.add(sample_at(1'000'000));
  h.add(sample_at(500'000));
  ASSERT_EQ(h.all().size(), 1u);
  EXPECT_EQ(h.all()[0].time, 500'000);
}

} // namespace
} // namespace conductor::test
