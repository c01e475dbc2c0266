#include "actors/fair_queue.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;
using ticket = fair_queue::ticket;

class a_queue : public ::testing::Test {
protected:
  void push(std::uint64_t id, std::string flow,
            priority_class priority = priority_class::normal, std::size_t bytes = 0) {
    queue.push({id, priority, std::move(flow), now, bytes});
  }
  /// The next one, which costs that much; 0: nobody fits.
  std::uint64_t take(double cost = 1) {
    return take_if([](const fair_queue::ticket&) { return true; }, cost);
  }
  std::uint64_t take_if(const fair_queue::fits& fit, double cost = 1) {
    std::map<std::uint64_t, ticket> all;
    for (const auto& t : queue.in_order())
      all[t.id] = t;
    const auto id = queue.take(now, fit);
    if (!id)
      return 0;
    queue.charge(all[*id].flow, all[*id].priority, cost);
    return *id;
  }

  fair_queue::time_point now{};
  fair_queue queue{30s};
};

TEST_F(a_queue, serves_a_flow_in_order_and_flows_in_turns) {
  for (std::uint64_t id = 1; id <= 4; ++id)
    push(id, "heavy");
  push(5, "light");
  std::vector<std::uint64_t> order;
  while (const auto id = take())
    order.push_back(id);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 5, 2, 3, 4}));
  EXPECT_TRUE(queue.empty());
}

TEST_F(a_queue, serves_better_classes_first_and_starves_none) {
  push(1, "a", priority_class::batch);
  push(2, "a", priority_class::normal);
  push(3, "a", priority_class::interactive);
  EXPECT_EQ(take(), 3u);
  EXPECT_EQ(take(), 2u);
  push(4, "b", priority_class::interactive);
  now += 60s; // batch has risen twice
  EXPECT_EQ(take(), 4u);
  push(5, "c", priority_class::interactive);
  EXPECT_EQ(take(), 1u);
  EXPECT_EQ(take(), 5u);
}

TEST_F(a_queue, passes_over_who_does_not_fit) {
  push(1, "a");
  push(2, "a");
  push(3, "b");
  EXPECT_EQ(take_if([](const fair_queue::ticket& t) { return t.id == 2; }), 2u);
  EXPECT_EQ(take_if([](const fair_queue::ticket&) { return false; }), 0u);
  EXPECT_EQ(queue.size(), 2u);
}

// Where they rose to they owe for what they take, as those do who are at home there.
TEST_F(a_queue, lets_those_who_rose_take_turns_with_the_better_class) {
  for (std::uint64_t id = 1; id <= 8; ++id)
    push(id, "heavy");
  for (std::uint64_t id = 11; id <= 14; ++id)
    push(id, "light", priority_class::interactive);
  push(15, "last", priority_class::interactive);
  now += 31s; // everybody of "heavy" has risen
  std::vector<std::uint64_t> order;
  for (int i = 0; i < 8; ++i)
    order.push_back(take(3));
  EXPECT_EQ(order, (std::vector<std::uint64_t>{11, 15, 1, 12, 2, 13, 3, 14}));
}

// Even if it rises and is served one by one.
TEST_F(a_queue, remembers_what_is_owed_by_those_who_rose) {
  for (std::uint64_t id = 11; id <= 20; ++id)
    push(id, "light", priority_class::interactive);
  std::map<std::string, int> served;
  for (std::uint64_t id = 1; id <= 8; ++id) {
    push(id, "heavy");
    now += 31s;
    ++served[take(3) > 10 ? "light" : "heavy"];
  }
  EXPECT_EQ(served["heavy"], 4);
}

// What the question found about the one that is taken is what its asker goes by.
TEST_F(a_queue, asks_last_about_the_one_that_it_takes) {
  push(1, "a");
  push(2, "a");
  push(3, "b");
  push(4, "b");
  EXPECT_EQ(take(3), 1u);
  EXPECT_EQ(take(2), 3u);
  // Both flows owe; "b" owes less, so it is asked about although "a" fits.
  std::uint64_t last = 0;
  const auto fits_only_2 = [&](const fair_queue::ticket& t) {
    const auto id = t.id;
    last = id;
    return id == 2;
  };
  EXPECT_EQ(take_if(fits_only_2), 2u);
  EXPECT_EQ(last, 2u);
}

// A load that is begun for one that was asked about later may take what this one found.
TEST_F(a_queue, takes_none_that_no_longer_fits_when_it_is_asked_about_last) {
  push(1, "a");
  push(2, "a");
  push(3, "b");
  push(4, "b");
  EXPECT_EQ(take(3), 1u);
  EXPECT_EQ(take(2), 3u);
  bool begun = false;
  const auto fits_until_4_is_asked_about = [&](const fair_queue::ticket& t) {
    begun = begun || t.id == 4;
    return t.id == 2 && !begun;
  };
  EXPECT_EQ(take_if(fits_until_4_is_asked_about), 0u);
  EXPECT_EQ(queue.size(), 2u);
}

TEST_F(a_queue, knows_its_bytes_and_forgets_who_left) {
  push(1, "a", priority_class::normal, 10);
  push(2, "a", priority_class::batch, 5);
  EXPECT_EQ(queue.bytes(), 15u);
  EXPECT_TRUE(queue.erase(1));
  EXPECT_FALSE(queue.erase(1));
  EXPECT_EQ(queue.bytes(), 5u);
  EXPECT_EQ(take(), 2u);
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST_F(a_queue, tells_who_waited_too_long) {
  push(1, "a");
  now += 5s;
  push(2, "b");
  EXPECT_EQ(queue.older_than(now - 5s), (std::vector<std::uint64_t>{1}));
}

// One request at a time, but each of ten seconds: no more time than the others get.
TEST_F(a_queue, shares_time_and_not_requests) {
  std::map<std::string, double> took;
  std::uint64_t id = 0;
  std::map<std::uint64_t, std::string> whose;
  const auto refill = [&](const std::string& flow) {
    push(++id, flow);
    whose[id] = flow;
  };
  for (const auto* flow : {"slow", "quick", "other"})
    for (int i = 0; i < 3; ++i)
      refill(flow);
  for (int i = 0; i < 3000; ++i) {
    const auto next = queue.take(now, [](const fair_queue::ticket&) { return true; });
    ASSERT_TRUE(next);
    const auto flow = whose[*next];
    const double cost = flow == "slow" ? 10 : 0.5;
    queue.charge(flow, priority_class::normal, cost);
    took[flow] += cost;
    refill(flow);
  }
  EXPECT_NEAR(took["slow"] / took["quick"], 1, 0.05);
  EXPECT_NEAR(took["other"] / took["quick"], 1, 0.05);
}

// Whatever comes, leaves or is served: nobody is lost, doubled or kept for ever, and no
// flow that waits gets more than its share and the longest answers of the others.
TEST_F(a_queue, keeps_its_promises_whatever_comes) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random{seed};
    queue = fair_queue{30s};
    std::map<std::uint64_t, ticket> in;
    std::uint64_t id = 0;
    for (int step = 0; step < 400; ++step) {
      now += std::chrono::milliseconds(random() % 2000);
      const auto what = random() % 10;
      if (what < 5) {
        ticket t{++id, static_cast<priority_class>(random() % 3),
                 "f" + std::to_string(random() % 5), now, random() % 100};
        in[t.id] = t;
        queue.push(t);
      } else if (what < 6 && !in.empty()) {
        const auto out = std::next(in.begin(), static_cast<long>(random() % in.size()));
        ASSERT_TRUE(queue.erase(out->first));
        in.erase(out);
      } else {
        const auto odd = random() % 2;
        std::uint64_t last = 0;
        const auto got = queue.take(now, [&](const fair_queue::ticket& t) {
          const auto one = t.id;
          last = one;
          return what < 8 || one % 2 == odd;
        });
        if (got) {
          ASSERT_EQ(last, *got);
          ASSERT_TRUE(in.contains(*got));
          const auto t = in[*got];
          queue.charge(t.flow, t.priority, static_cast<double>(random() % 100) / 10);
          in.erase(*got);
        } else if (what < 8) {
          ASSERT_TRUE(in.empty()); // work is never left lying
        }
      }
      ASSERT_EQ(queue.size(), in.size());
      std::size_t bytes = 0;
      std::set<std::uint64_t> ids;
      for (const auto& [key, t] : in)
        bytes += t.bytes, ids.insert(key);
      ASSERT_EQ(queue.bytes(), bytes);
      std::set<std::uint64_t> told;
      for (const auto& t : queue.in_order())
        told.insert(t.id);
      ASSERT_EQ(told, ids);
    }
    while (const auto got =
               queue.take(now, [](const fair_queue::ticket&) { return true; }))
      ASSERT_EQ(in.erase(*got), 1u);
    EXPECT_TRUE(in.empty());
  }
}

} // namespace
} // namespace conductor::test
