#include "adapters/http/trace_start.hpp"

#include <gtest/gtest.h>

#include <string>

namespace conductor::test {
namespace {

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string parent = "00-" + trace + "-00f067aa0ba902b7-";

/// A request with these headers joins its trace.
struct joined {
  explicit joined(std::vector<header_field> headers, double sample = 1, bool on = true) {
    if (on)
      how.collector = parse_collector("http://collector:4318");
    how.sample = sample;
    head.fields = headers;
    forwarded = std::move(headers);
    context = join_trace(head, how, forwarded);
  }
  /// Of the header for the backend; empty: none, or several.
  std::string sent(std::string_view name) const {
    std::string all;
    for (const auto& h : forwarded)
      if (same_name(h.name, name))
        all += (all.empty() ? "" : "|") + h.value;
    return all;
  }

  request_head head;
  trace_settings how;
  std::vector<header_field> forwarded;
  trace_ptr context;
};

TEST(trace, of_the_client_is_joined) {
  const joined j{
      {{"Traceparent", parent + "01"}, {"tracestate", "a=1"}, {"Accept", "x"}}};
  ASSERT_TRUE(j.context);
  EXPECT_EQ(trace_id(*j.context), trace);
  EXPECT_EQ(hex_digits(j.context->parent), "00f067aa0ba902b7");
  EXPECT_EQ(j.context->state, "a=1");
  EXPECT_EQ(j.sent("traceparent"), to_traceparent(*j.context));
  EXPECT_EQ(j.sent("tracestate"), "a=1");
  EXPECT_EQ(j.sent("Accept"), "x");
}

TEST(trace, is_sampled_as_the_client_says) {
  EXPECT_TRUE(joined({{"traceparent", parent + "01"}}, 0).context->sampled);
  const joined not_wanted{{{"traceparent", parent + "00"}}, 1};
  EXPECT_FALSE(not_wanted.context->sampled);
  EXPECT_TRUE(not_wanted.sent("traceparent").ends_with("-00"));
}

TEST(trace, begins_here_where_the_client_names_none) {
  const joined one{{}}, two{{}};
  EXPECT_EQ(one.context->parent, 0u);
  EXPECT_TRUE(one.context->sampled);
  EXPECT_NE(trace_id(*one.context), trace_id(*two.context));
  EXPECT_EQ(one.context->span & 0xff, 0u);
  EXPECT_NE(one.context->span, two.context->span);
  EXPECT_TRUE(parse_traceparent(one.sent("traceparent")));
}

TEST(trace, begins_here_where_what_the_client_names_is_none) {
  for (const auto& bad :
       {std::vector<header_field>{{"traceparent", parent + "0g"}, {"tracestate", "a=1"}},
        {{"traceparent", parent + "01"},
         {"traceparent", parent + "01"},
         {"tracestate", "a=1"}},
        {{"tracestate", "a=1"}}}) {
    const joined j{bad};
    EXPECT_NE(trace_id(*j.context), trace);
    EXPECT_EQ(j.context->parent, 0u);
    EXPECT_EQ(j.context->state, "");
    EXPECT_EQ(j.sent("tracestate"), "");
    EXPECT_TRUE(parse_traceparent(j.sent("traceparent"))) << "one, and a new one";
  }
}

TEST(trace, joins_several_states_as_one_list) {
  const joined j{{{"traceparent", parent + "01"},
                  {"tracestate", "a=1"},
                  {"tracestate", ""},
                  {"tracestate", "b=2"}}};
  EXPECT_EQ(j.context->state, "a=1,b=2");
  const joined endless{
      {{"traceparent", parent + "01"}, {"tracestate", "a=" + std::string(600, 'x')}}};
  EXPECT_EQ(endless.context->state, "");
}

TEST(trace, passes_unchanged_where_no_spans_are_made) {
  for (const auto& value : {parent + "01", std::string{"nonsense"}}) {
    const joined j{{{"traceparent", value}, {"tracestate", "a=1"}}, 1, false};
    EXPECT_FALSE(j.context);
    EXPECT_EQ(j.sent("traceparent"), value);
    EXPECT_EQ(j.sent("tracestate"), "a=1");
  }
}

TEST(trace, is_sampled_by_its_share) {
  int sampled = 0;
  for (int i = 0; i < 4000; ++i)
    sampled += begin_trace(0.25)->sampled ? 1 : 0;
  EXPECT_GT(sampled, 700);
  EXPECT_LT(sampled, 1300);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(begin_trace(0)->sampled);
    EXPECT_TRUE(begin_trace(1)->sampled);
  }
}

TEST(header_list, has_a_token_whatever_its_parameters) {
  for (const auto* list : {"trailers", "Trailers", "deflate, trailers", "trailers;q=0.5",
                           " trailers , x", "x\t,\ttrailers"})
    EXPECT_TRUE(lists(list, "trailers")) << list;
  for (const auto* list : {"", ",", "trailer", "trailers2", "x;trailers", "trail, ers"})
    EXPECT_FALSE(lists(list, "trailers")) << list;
}

} // namespace
} // namespace conductor::test
