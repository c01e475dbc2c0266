#include "actors/supervisor.hpp"

#include "tests/actors/actor_fixture.hpp"

namespace conductor::test {
namespace {

class a_supervisor : public actor_fixture {
protected:
  child_spec child(std::string name, bool restartable = true) {
    return {name,
            [this, name] {
              started.push_back(name);
              last = system.spawn(
                  [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
              alive.push_back(last);
              return last.address();
            },
            restartable};
  }

  void start(std::vector<child_spec> children) {
    subject = system.spawn(
        supervisor, std::move(children),
        supervisor_news{
            [this] { all_started = true; },
            [this](const std::string& c, const std::string&) { restarted.push_back(c); },
            [this](const std::string& c, const std::string&) { given_up.push_back(c); }});
    run();
  }

  void crash(const caf::actor& who) {
    caf::anon_send_exit(who, caf::exit_reason::unhandled_exception);
    run();
  }

  ~a_supervisor() override {
    end(subject);
    for (auto& a : alive)
      end(a);
  }

  using names = std::vector<std::string>;
  names started, restarted, given_up;
  bool all_started = false;
  caf::actor last;
  std::vector<caf::actor> alive;
  supervisor_actor subject;
};

TEST_F(a_supervisor, starts_its_children_in_order) {
  start({child("a"), child("b")});
  EXPECT_EQ(started, (names{"a", "b"}));
  EXPECT_TRUE(all_started);
}

TEST_F(a_supervisor, restarts_the_one_that_failed_after_a_pause) {
  start({child("a"), child("b")});
  crash(alive[0]);
  EXPECT_EQ(restarted, (names{"a"}));
  EXPECT_EQ(started.size(), 2u);
  advance(std::chrono::milliseconds(100));
  EXPECT_EQ(started, (names{"a", "b", "a"}));
}

TEST_F(a_supervisor, waits_longer_after_each_failure) {
  start({child("a")});
  crash(last);
  advance(std::chrono::milliseconds(100));
  crash(last);
  advance(std::chrono::milliseconds(100));
  EXPECT_EQ(started.size(), 2u);
  advance(std::chrono::milliseconds(100));
  EXPECT_EQ(started.size(), 3u);
}

TEST_F(a_supervisor, gives_up_aloud_at_the_sixth_failure_within_a_minute) {
  start({child("a")});
  for (int i = 0; i < 5; ++i) {
    crash(last);
    advance(std::chrono::seconds(5));
  }
  EXPECT_TRUE(given_up.empty());
  crash(last);
  EXPECT_EQ(given_up, (names{"a"}));
  advance(std::chrono::seconds(10));
  EXPECT_EQ(started.size(), 6u);
}

TEST_F(a_supervisor, forgets_failures_older_than_a_minute) {
  start({child("a")});
  for (int i = 0; i < 20; ++i) {
    crash(last);
    advance(std::chrono::seconds(61));
  }
  EXPECT_TRUE(given_up.empty());
  EXPECT_EQ(started.size(), 21u);
}

TEST_F(a_supervisor, gives_up_at_once_where_nothing_can_be_restarted) {
  start({child("a", false)});
  crash(last);
  EXPECT_EQ(given_up, (names{"a"}));
}

TEST_F(a_supervisor, leaves_an_orderly_end_alone) {
  start({child("a")});
  end(last);
  advance(std::chrono::seconds(10));
  EXPECT_TRUE(restarted.empty());
  EXPECT_EQ(started.size(), 1u);
}

} // namespace
} // namespace conductor::test
