#include "messages/timing.hpp"

#include <gtest/gtest.h>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

/// So many milliseconds after some moment.
request_clock::time_point at(int ms) {
  return request_clock::time_point{1h} + std::chrono::milliseconds(ms);
}

attempt tried(int asked, int leased, int first, int last) {
  attempt a;
  a.backend = "one";
  a.asked = at(asked);
  a.leased = at(leased);
  if (first > 0)
    a.first = at(first);
  a.last = at(last);
  return a;
}

TEST(timing, tells_waiting_loading_and_relaying_apart) {
  answer_course c;
  c.now = tried(1, 100, 150, 400);
  c.now.load_began = at(20);
  c.now.load_ended = at(90);
  usage used;
  used.load_ns = 5'000'000;
  used.prompt_ns = 30'000'000;
  used.answer_ns = 200'000'000;
  const auto t = timing_of(c, used, at(0), at(420));
  EXPECT_EQ(t.queue, 30ms);
  EXPECT_EQ(t.load, 75ms);
  EXPECT_EQ(t.first, 150ms);
  EXPECT_EQ(t.prefill, 30ms);
  EXPECT_EQ(t.decode, 200ms);
  EXPECT_EQ(t.relay, 270ms);
}

TEST(timing, counts_the_waits_of_every_attempt) {
  answer_course c;
  c.before = {tried(0, 10, 0, 50)};
  c.now = tried(50, 70, 90, 100);
  EXPECT_EQ(timing_of(c, {}, at(0), at(100)).queue, 30ms);
}

TEST(timing, of_who_got_no_place_is_all_queue) {
  answer_course c;
  c.now.asked = at(0);
  c.now.last = at(80);
  const auto t = timing_of(c, {}, at(0), at(81));
  EXPECT_EQ(t.queue, 80ms);
  EXPECT_EQ(t.first + t.relay + t.load, 0ns);
}

TEST(timing, of_what_no_backend_was_asked_is_zero) {
  const auto t = timing_of({}, {}, at(0), at(80));
  EXPECT_EQ(t.queue + t.load + t.first + t.prefill + t.decode + t.relay, 0ns);
  EXPECT_EQ(server_timing(t), "");
}

TEST(server_timing, is_in_milliseconds_and_leaves_out_what_is_zero) {
  answer_timing t;
  t.queue = 1500us;
  t.first = 2s;
  t.relay = 1ns;
  EXPECT_EQ(server_timing(t), "queue;dur=1.500, first;dur=2000.000, relay;dur=0.000");
  EXPECT_EQ(total_timing(250us), "total;dur=0.250");
}

} // namespace
} // namespace conductor::test
