#include "messages/trace.hpp"

#include <gtest/gtest.h>

#include <string>

namespace conductor::test {
namespace {

const std::string id = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string caller = "00f067aa0ba902b7";

TEST(traceparent, tells_trace_caller_and_flags) {
  const auto t = parse_traceparent("00-" + id + "-" + caller + "-01");
  ASSERT_TRUE(t);
  EXPECT_EQ(trace_id(*t), id);
  EXPECT_EQ(hex_digits(t->parent), caller);
  EXPECT_TRUE(t->sampled);
  EXPECT_FALSE(t->random);
  EXPECT_FALSE(parse_traceparent("00-" + id + "-" + caller + "-00")->sampled);
  const auto both = parse_traceparent("00-" + id + "-" + caller + "-03");
  EXPECT_TRUE(both->sampled && both->random);
  // Flags of a version to come say nothing about these two.
  EXPECT_TRUE(parse_traceparent("00-" + id + "-" + caller + "-fd")->sampled);
}

TEST(traceparent, of_a_later_version_is_read_as_far_as_it_is_known) {
  for (const std::string rest : {"-01", "-01-", "-01-what-comes-then"})
    EXPECT_TRUE(parse_traceparent("cc-" + id + "-" + caller + rest)) << rest;
  for (const std::string rest : {"-01.what-comes-then", "-011", "-0"})
    EXPECT_FALSE(parse_traceparent("cc-" + id + "-" + caller + rest)) << rest;
}

TEST(traceparent, that_is_none_counts_as_if_it_had_not_come) {
  const std::string zeros(32, '0');
  for (const std::string& bad :
       {std::string{},
        std::string{"00"},
        "00-" + id + "-" + caller,
        "00-" + id + "-" + caller + "-01-",
        "00-" + id + "-" + caller + "-011",
        "ff-" + id + "-" + caller + "-01",
        "0-" + id + "-" + caller + "-01",
        "00-" + zeros + "-" + caller + "-01",
        "00-" + id + "-" + zeros.substr(16) + "-01",
        "00-" + id + "-" + caller + "-0x",
        "00-" + id + "-" + caller + "-1 ",
        "0x-" + id + "-" + caller + "-01",
        "00_" + id + "-" + caller + "-01",
        "00-" + id + "_" + caller + "-01",
        "00-" + id + "-" + caller + "_01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + caller + "-01",
        "00-" + id + "-00F067AA0BA902B7-01",
        " 00-" + id + "-" + caller + "-01",
        "00-" + id.substr(1) + "-" + caller + "-011",
        "00-" + id + "-" + caller + "-01," + "00-" + id + "-" + caller + "-01"})
    EXPECT_FALSE(parse_traceparent(bad)) << bad;
}

TEST(traceparent, for_the_backend_names_the_first_span_within) {
  auto t = *parse_traceparent("00-" + id + "-" + caller + "-01");
  t.span = 0x100;
  EXPECT_EQ(to_traceparent(t), "00-" + id + "-0000000000000101-01");
  t.sampled = false;
  t.random = true;
  EXPECT_EQ(to_traceparent(t), "00-" + id + "-0000000000000101-02");
  const auto again = parse_traceparent(to_traceparent(t));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->parent, child_span(t, 1));
}

} // namespace
} // namespace conductor::test
