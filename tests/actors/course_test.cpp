#include "actors/course.hpp"

#include <gtest/gtest.h>

namespace conductor::test {
namespace {

attempt::time_point at(int ms) {
  return attempt::time_point{std::chrono::hours(1)} + std::chrono::milliseconds(ms);
}

lease lease_at(std::string backend, int load_began = 0, int load_ended = 0) {
  lease l;
  l.backend = std::move(backend);
  if (load_ended > 0) {
    l.load_began = at(load_began);
    l.load_ended = at(load_ended);
  }
  return l;
}

TEST(course, of_an_answer_has_its_times) {
  course_notes c;
  c.asked(at(1));
  c.got(lease_at("one"), at(2));
  c.first_record(at(3));
  c.ended(at(4));
  const auto& a = c.so_far().now;
  EXPECT_EQ(a.backend, "one");
  EXPECT_EQ(a.asked, at(1));
  EXPECT_EQ(a.leased, at(2));
  EXPECT_EQ(a.first, at(3));
  EXPECT_EQ(a.last, at(4));
  EXPECT_EQ(a.load_ended, attempt::time_point{});
  EXPECT_FALSE(a.lost);
  EXPECT_TRUE(c.so_far().before.empty());
}

TEST(course, keeps_what_was_tried_before) {
  course_notes c;
  c.asked(at(1));
  c.got(lease_at("one"), at(2));
  c.ended(at(3), errc::upstream_lost);
  c.ended(at(9)); // the end of another attempt is not this one's
  c.asked(at(4));
  c.got(lease_at("two"), at(5));
  const auto& course = c.so_far();
  ASSERT_EQ(course.before.size(), 1u);
  EXPECT_EQ(course.before[0].backend, "one");
  EXPECT_EQ(course.before[0].last, at(3));
  EXPECT_EQ(course.before[0].lost, errc::upstream_lost);
  EXPECT_EQ(course.now.backend, "two");
  EXPECT_FALSE(course.now.lost);
}

// A lane's lease goes from one request to the next, and tells of the first one's load.
TEST(course, has_only_a_load_that_was_waited_for) {
  const auto load_of = [](int began, int ended) {
    course_notes c;
    c.asked(at(10));
    c.got(lease_at("one", began, ended), at(50));
    return c.so_far().now;
  };
  EXPECT_EQ(load_of(1, 9).load_ended, attempt::time_point{});
  EXPECT_EQ(load_of(20, 40).load_began, at(20));
  EXPECT_EQ(load_of(20, 40).load_ended, at(40));
  EXPECT_EQ(load_of(5, 40).load_began, at(10)) << "since it came";
}

} // namespace
} // namespace conductor::test
