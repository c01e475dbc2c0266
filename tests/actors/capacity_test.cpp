#include "actors/capacity.hpp"

#include "tests/actors/runner_simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;
using time_point = capacity::time_point;

/// Prompts and answers of which a runner with `places` is found out.
const runner_simulation::load loads[] = {
    {32, 50ms, 1s, 0ns},    // a chat
    {32, 300ms, 10s, 0ns},  // a long one
    {32, 20ms, 60ms, 0ns},  // short answers
    {32, 500ms, 1s, 0ns},   // long prompts
    {32, 1ms, 300ms, 2ms},  // ends are told after the beginnings they make room for
    {2000, 50ms, 1s, 0ns}}; // many clients

TEST(a_capacity, finds_how_many_answers_a_runner_gives_at_once) {
  for (const auto& load : loads)
    for (unsigned places : {1u, 2u, 4u, 8u})
      for (unsigned seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(testing::Message() << places << " places, prompt "
                                        << load.prompt.count() << " ns, seed " << seed);
        runner_simulation s(places, load, seed);
        s.run_for(2min);
        ASSERT_TRUE(s.what.learned());
        unsigned right = 0;
        constexpr unsigned looks = 3000;
        for (unsigned i = 0; i < looks; ++i) {
          s.run_for(100ms);
          right += s.what.limit() == places;
          ASSERT_LE(s.what.limit(), places + 1);
          ASSERT_GE(s.what.limit() + 1, places);
        }
        // Where answers are short, so is the wait for one more place.
        if (load.answer >= 1s) {
          EXPECT_GT(right, looks * 9 / 10);
        }
      }
}

TEST(a_capacity, bounds_what_waits_inside_where_prompts_take_as_long_as_answers) {
  for (unsigned places : {1u, 2u, 4u, 8u})
    for (unsigned seed = 1; seed <= 4; ++seed) {
      SCOPED_TRACE(testing::Message() << places << " places, seed " << seed);
      runner_simulation s(places, {32, 5s, 5s, 0ns}, seed);
      s.run_for(10min);
      EXPECT_LE(s.most_waiting, std::max(3u, places)); // never runs away
      EXPECT_LE(s.what.limit(), places + 1);
      EXPECT_GE(s.what.limit(), places / 2);
    }
}

TEST(a_capacity, of_a_server_without_limit_grows_to_what_is_asked_for) {
  runner_simulation s(4096, {600, 50ms, 1s, 0ns}, 1);
  s.run_for(5s);
  EXPECT_GE(s.what.limit(), 256u);
  EXPECT_FALSE(s.what.learned());
  s.run_for(2min);
  EXPECT_GE(s.what.limit(), 600u);
  EXPECT_EQ(s.lowest, 4u); // it began there and never fell
}

TEST(a_capacity, is_not_reduced_by_short_answers) {
  for (unsigned places : {1u, 4u, 4096u}) {
    runner_simulation s(places, {400, 1ms, 0ns, 0ns}, places);
    s.run_for(places < 100 ? 1s : 100ms);
    EXPECT_FALSE(s.what.learned());
    EXPECT_EQ(s.lowest, 4u);
    EXPECT_GT(s.answered, 900u);
  }
}

TEST(a_capacity, watches_few_of_many_that_begin_at_once) {
  runner_simulation s(4096, {64, 1ms, 1ms, 0ns}, 1);
  s.run_for(10s);
  EXPECT_GT(s.answered, 100'000u);
  EXPECT_LT(s.granted, s.answered / 20);
  s.places = 2; // and what is slow by then is found all the same
  s.wanted = {64, 50ms, 2s, 0ns};
  s.run_for(1min);
  EXPECT_TRUE(s.what.learned());
  EXPECT_LE(s.what.limit(), 3u);
}

TEST(a_capacity, is_learned_again_after_a_restart) {
  runner_simulation s(4, loads[0], 7);
  s.run_for(1min);
  EXPECT_EQ(s.what.limit(), 4u);
  s.restart(2);
  EXPECT_FALSE(s.what.learned());
  s.run_for(1min);
  EXPECT_EQ(s.what.limit(), 2u);
  s.restart(8);
  s.run_for(1min);
  EXPECT_EQ(s.what.limit(), 8u);
}

TEST(a_capacity, that_rises_is_found_by_trying_one_more) {
  runner_simulation s(2, loads[0], 3);
  s.run_for(10s);
  ASSERT_EQ(s.what.limit(), 2u);
  s.places = 4;
  s.run_for(3min);
  EXPECT_EQ(s.what.limit(), 4u);
  s.places = 16;
  s.run_for(3min);
  EXPECT_EQ(s.what.limit(), 16u);
}

TEST(a_capacity, that_falls_unnoticed_is_found_step_by_step) {
  runner_simulation s(8, loads[0], 3);
  s.run_for(10s);
  ASSERT_EQ(s.what.limit(), 8u);
  s.places = 4;
  s.run_for(5min);
  EXPECT_EQ(s.what.limit(), 4u);
}

TEST(a_capacity, that_was_configured_is_not_watched) {
  capacity what{3};
  for (std::uint64_t id = 1; id <= 5; ++id)
    EXPECT_FALSE(what.granted(id, static_cast<unsigned>(id), time_point{}));
  EXPECT_FALSE(what.watching());
  EXPECT_FALSE(what.look(5, time_point{} + 1h));
  what.forget();
  EXPECT_EQ(what.limit(), 3u);
  EXPECT_FALSE(what.learned());
}

TEST(a_capacity, that_was_configured_is_come_back_to_slowly) {
  capacity what{6};
  what.start_slowly();
  for (const unsigned limit : {1u, 2u, 4u, 6u}) {
    EXPECT_EQ(what.limit(), limit);
    EXPECT_EQ(what.granted(limit, 1, time_point{}), limit < 6) << "told when it begins";
    what.ended(99, time_point{}); // one that never began shows nothing
    EXPECT_EQ(what.limit(), limit);
    what.began(limit, time_point{});
  }
  EXPECT_EQ(what.limit(), 6u);
  EXPECT_FALSE(what.learned());
}

class a_fresh_capacity : public ::testing::Test {
protected:
  time_point now{};
  capacity what;
};

TEST_F(a_fresh_capacity, watches_what_goes_beyond_what_was_proven) {
  EXPECT_TRUE(what.granted(1, 1, now));
  EXPECT_TRUE(what.granted(2, 2, now));
  what.began(1, now += 10ms);
  what.began(2, now);
  now += 1s;
  EXPECT_FALSE(what.look(2, now));
  what.ended(1, now);
  EXPECT_FALSE(what.granted(3, 2, now));
  EXPECT_FALSE(what.watching());
  EXPECT_TRUE(what.granted(4, 3, now));
  EXPECT_TRUE(what.watching());
}

TEST_F(a_fresh_capacity, is_calm_for_a_second_when_many_began_at_once) {
  std::uint64_t id = 0;
  const auto one_begins = [&](auto delay) {
    if (!what.granted(++id, 2, now))
      return false;
    what.began(id, now += delay);
    what.ended(id, now);
    return true;
  };
  for (unsigned i = 0; i < 31; ++i)
    EXPECT_TRUE(one_begins(1ms));
  EXPECT_TRUE(one_begins(101ms)); // not one of them
  for (unsigned i = 0; i < 32; ++i)
    EXPECT_TRUE(one_begins(1ms));
  EXPECT_FALSE(one_begins(1ms));
  EXPECT_TRUE(what.watching());
  EXPECT_TRUE(what.granted(++id, what.limit(), now)) << "more may fit";
  EXPECT_FALSE(what.calm_ended(now += 900ms));
  EXPECT_TRUE(what.calm_ended(now += 100ms));
  EXPECT_FALSE(what.calm_ended(now));
  EXPECT_TRUE(one_begins(1ms));
}

TEST_F(a_fresh_capacity, learns_from_one_that_waits_while_another_runs) {
  what.granted(1, 1, now);
  what.granted(2, 2, now);
  what.granted(3, 3, now);
  what.began(1, now += 50ms);
  EXPECT_FALSE(what.look(3, now += 100ms)); // within four times that
  EXPECT_FALSE(what.learned());
  EXPECT_TRUE(what.look(3, now += 100ms));
  EXPECT_TRUE(what.learned());
  EXPECT_EQ(what.limit(), 1u);
  EXPECT_FALSE(what.look(3, now += 1h)); // they are known by now
}

TEST_F(a_fresh_capacity, needs_no_look_to_learn_from_one_that_waited) {
  what.granted(1, 1, now);
  what.granted(2, 2, now);
  what.began(1, now += 50ms);
  what.ended(1, now += 5s);
  EXPECT_EQ(what.limit(), 1u);
}

TEST_F(a_fresh_capacity, learns_nothing_from_a_prompt_that_takes_long) {
  what.granted(1, 1, now);
  what.granted(2, 2, now);
  EXPECT_FALSE(what.look(2, now += 1min)); // nothing else runs
  what.began(1, now += 1s);
  what.began(2, now += 1s); // late, but nothing ended, so it waited for nobody
  EXPECT_FALSE(what.look(2, now += 1s));
  EXPECT_FALSE(what.learned());
  EXPECT_EQ(what.limit(), 4u);
}

TEST_F(a_fresh_capacity, learns_nothing_from_one_that_is_late_though_nobody_made_room) {
  what.granted(1, 1, now);
  what.began(1, now += 10ms);
  what.granted(2, 2, now += 1s);
  what.began(2, now += 10s);
  EXPECT_FALSE(what.look(2, now += 1s));
  EXPECT_FALSE(what.learned());
}

TEST_F(a_fresh_capacity, trusts_the_order_only_of_what_was_not_asked_at_once) {
  for (const auto apart : {20ms, 80ms}) {
    what.forget();
    what.granted(1, 1, now);
    what.granted(2, 2, now += apart);
    what.began(2, now += 10ms);
    what.look(2, now += 1s);
    // The first was overtaken on its way; or it has a place, and its prompt takes long.
    EXPECT_EQ(what.granted(3, 2, now), apart == 20ms);
  }
}

TEST_F(a_fresh_capacity, learns_of_an_answer_whose_first_record_is_its_end) {
  for (std::uint64_t id = 1; id <= 3; ++id)
    what.granted(id, static_cast<unsigned>(id), now += 80ms);
  what.began(3, now += 80ms);
  what.ended(3, now);
  what.look(2, now += 1s);
  EXPECT_FALSE(what.granted(4, 3, now)); // three had a place
}

TEST_F(a_fresh_capacity, does_not_cling_to_one_long_prompt) {
  what.granted(1, 1, now);
  what.began(1, now += 1min);
  for (unsigned running : {2u, 3u, 4u}) {
    what.granted(running, running, now += 1s);
    what.began(running, now += 50ms);
  }
  what.granted(5, 5, now += 1s);
  EXPECT_FALSE(what.look(5, now += 2min)); // four times 31 s
  EXPECT_TRUE(what.look(5, now += 1min));
}

TEST_F(a_fresh_capacity, takes_a_finding_back_that_was_wrong) {
  what.granted(1, 1, now);
  what.granted(2, 2, now);
  what.began(1, now += 50ms);
  ASSERT_TRUE(what.look(2, now += 1s));
  what.began(2, now += 1s); // while the first runs
  EXPECT_TRUE(what.look(2, now += 1s));
  EXPECT_FALSE(what.learned());
  EXPECT_GE(what.limit(), 2u);
}

TEST_F(a_fresh_capacity, ignores_whom_it_does_not_know) {
  what.began(7, now);
  what.ended(7, now);
  what.granted(1, 1, now);
  what.forget();
  what.began(1, now += 1s);
  what.ended(1, now += 1s);
  EXPECT_FALSE(what.watching());
  EXPECT_EQ(what.limit(), 4u);
}

TEST_F(a_fresh_capacity, tries_one_more_ever_more_seldom) {
  what.granted(1, 1, now);
  what.granted(2, 2, now);
  what.began(1, now += 50ms);
  what.look(2, now += 1s);
  what.ended(2, now);
  what.ended(1, now);
  ASSERT_EQ(what.limit(), 1u);
  std::vector<std::chrono::seconds> tried;
  auto last = now;
  std::uint64_t id = 10;
  while (tried.size() < 7) {
    now += 1s;
    ASSERT_LT(id, 20'000u);
    if (what.granted(++id, 1, now)) // that one place is doubted
      what.began(id, now + 50ms);
    what.look(1, now + 100ms);
    const auto first = id;
    what.granted(++id, 2, now + 200ms); // shows that there is demand
    if (what.limit() == 2) {
      tried.push_back(std::chrono::round<std::chrono::seconds>(now - last));
      last = now;
    }
    what.look(2, now + 900ms);
    EXPECT_EQ(what.limit(), 1u);
    what.ended(id, now + 900ms);
    what.ended(first, now + 950ms);
  }
  for (std::size_t i = 1; i < tried.size(); ++i) {
    EXPECT_GE(tried[i], std::min(tried[i - 1] * 3 / 2, 600s)) << i;
    EXPECT_LE(tried[i], 602s);
  }
}

} // namespace
} // namespace conductor::test
