#include "messages/admission.hpp"
#include "messages/key.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds start = 24h; // a steady clock begins anywhere

grant_ptr granted(key_limits limits, std::vector<std::string> models = {}) {
  auto g = std::make_shared<grant>();
  g->key.id = "id";
  g->key.name = "laptop";
  g->key.limits = limits;
  g->key.models = std::move(models);
  g->meter = std::make_shared<key_meter>();
  return g;
}

TEST(a_rate, is_had_at_once_and_comes_back_evenly) {
  rate_cell cell;
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(cell.take(start, 4, 60s), 0ns) << i;
  EXPECT_EQ(cell.take(start, 4, 60s), 15s);
  EXPECT_EQ(cell.take(start + 14s, 4, 60s), 1s);
  EXPECT_EQ(cell.take(start + 15s, 4, 60s), 0ns);
  EXPECT_EQ(cell.take(start + 15s, 4, 60s), 15s);
  EXPECT_EQ(cell.take(start + 10min, 4, 60s), 0ns);
}

TEST(a_rate, of_which_something_was_given_back_has_it_again) {
  rate_cell cell;
  EXPECT_EQ(cell.take(start, 1, 60s), 0ns);
  cell.give_back(1, 60s);
  EXPECT_EQ(cell.take(start, 1, 60s), 0ns);
  EXPECT_EQ(cell.take(start, 1, 60s), 60s);
}

TEST(what_was_used, is_a_debt_that_is_paid_by_waiting) {
  rate_cell cell;
  cell.charge(start, 100, 100, 60s);
  EXPECT_EQ(cell.debt(start, 60s), 0ns); // all of it, and no more
  cell.charge(start, 50, 100, 60s);
  EXPECT_EQ(cell.debt(start, 60s), 30s);
  EXPECT_EQ(cell.debt(start + 30s, 60s), 0ns);
}

TEST(what_was_used, cannot_overflow) {
  rate_cell cell;
  for (int i = 0; i < 3; ++i)
    cell.charge(start, 1e18, 1, 24h);
  EXPECT_GT(cell.debt(start, 24h), 300 * 24h);
  EXPECT_LE(cell.debt(start, 24h), 365 * 24h);
}

TEST(a_key, waits_for_the_longer_of_its_minute_and_its_day) {
  key_limits limits;
  limits.minute.requests = 2;
  limits.day.requests = 3;
  key_meter meter;
  EXPECT_EQ(meter.admit(start, limits), 0ns);
  EXPECT_EQ(meter.admit(start, limits), 0ns);
  EXPECT_EQ(meter.admit(start, limits), 30s);
  EXPECT_EQ(meter.admit(start + 30s, limits), 0ns);
  EXPECT_EQ(meter.admit(start + 10min, limits), 8h - 10min);
  // What the day refused was not taken from the minute.
  limits.day.requests = 0;
  EXPECT_EQ(meter.admit(start + 10min, limits), 0ns);
  EXPECT_EQ(meter.admit(start + 10min, limits), 0ns);
  EXPECT_EQ(meter.seen.admitted, 5u);
}

TEST(a_key, in_debt_of_tokens_or_gpu_time_waits_until_it_is_paid) {
  key_limits limits;
  limits.minute.tokens = 100;
  limits.minute.gpu_seconds = 10;
  key_meter meter;
  EXPECT_EQ(meter.admit(start, limits), 0ns);
  meter.charge(start, limits, 150, 1s);
  EXPECT_EQ(meter.admit(start, limits), 30s);
  meter.charge(start, limits, 0, 19s);
  EXPECT_EQ(meter.admit(start, limits), 60s);
  EXPECT_EQ(meter.admit(start + 60s, limits), 0ns);
  EXPECT_EQ(meter.seen.tokens, 150u);
  EXPECT_EQ(meter.seen.gpu_ns, 20'000'000'000u);
}

TEST(a_permit, is_held_for_as_long_as_it_lives) {
  key_limits limits;
  limits.parallel = 1;
  const auto by = granted(limits);
  auto first = admit(by, start);
  ASSERT_TRUE(first.permit);
  const auto second = admit(by, start);
  EXPECT_FALSE(second.permit);
  EXPECT_EQ(to_failure(second.refused).code, errc::rate_limited);
  EXPECT_EQ(to_failure(second.refused).retry_after_s, 1u);
  first.permit = nullptr;
  EXPECT_TRUE(admit(by, start).permit);
}

TEST(a_refusal, says_in_whole_seconds_when_to_come_again_and_keeps_no_permit) {
  key_limits limits;
  limits.minute.requests = 40; // one every 1.5 s
  limits.parallel = 41;
  const auto by = granted(limits);
  std::vector<admission> held;
  for (int i = 0; i < 40; ++i)
    held.push_back(admit(by, start));
  const auto refused = admit(by, start);
  EXPECT_EQ(to_failure(refused.refused).retry_after_s, 2u);
  EXPECT_NE(to_failure(refused.refused).detail.find("laptop"), std::string::npos);
  EXPECT_TRUE(admit(by, start + 2s).permit); // the 41st place is free
  EXPECT_EQ(by->meter->seen.limited, 1u);
}

TEST(who_needs_no_key, takes_no_permit_and_may_see_all) {
  const auto a = admit(nullptr, start);
  EXPECT_FALSE(a.permit);
  EXPECT_FALSE(a.refused);
  EXPECT_TRUE(may_see(nullptr, "anybody"));
  EXPECT_TRUE(is_admin(nullptr));
}

TEST(a_key_without_admin, sees_what_is_its_own) {
  const auto by = granted({});
  EXPECT_TRUE(may_see(by, "id"));
  EXPECT_FALSE(may_see(by, "other"));
  EXPECT_FALSE(may_see(by, "")); // of who needed no key
}

TEST(a_model, is_allowed_by_any_of_its_spellings) {
  const auto by = granted({}, {"llama3:latest", "qwen3:*"});
  for (const auto* model : {"llama3", "LLAMA3:latest", "library/llama3", "qwen3:8b",
                            "registry.ollama.ai/library/qwen3:4b"})
    EXPECT_TRUE(by->may_use(model)) << model;
  for (const auto* model : {"llama3:8b", "qwen", "qwen3x:8b", "", "other/llama3"})
    EXPECT_FALSE(by->may_use(model)) << model;
  EXPECT_TRUE(granted({})->may_use(""));
}

TEST(a_class, is_no_higher_than_the_key_allows) {
  using enum priority_class;
  auto g = std::make_shared<grant>();
  g->key.highest = normal;
  EXPECT_EQ(class_for(g, interactive, normal), normal);
  EXPECT_EQ(class_for(g, batch, normal), batch);
  EXPECT_EQ(class_for(g, std::nullopt, interactive), normal);
  auto b = std::make_shared<grant>();
  b->key.usual = batch;
  EXPECT_EQ(class_for(b, std::nullopt, normal), batch);
  EXPECT_EQ(class_for(b, interactive, normal), interactive);
  EXPECT_EQ(class_for(nullptr, interactive, normal), interactive);
  EXPECT_EQ(class_for(nullptr, std::nullopt, batch), batch);
}

TEST(a_table, keeps_the_meter_of_a_key_that_was_there_before) {
  api_key k;
  k.id = "a";
  k.public_key = "p";
  k.uid = 7;
  const auto before = table_of({k}, nullptr);
  k.name = "another";
  const auto after = table_of({k}, before.get());
  EXPECT_EQ(after->find("a")->meter, before->find("a")->meter);
  EXPECT_EQ(after->find("a")->key.name, "another");
  EXPECT_TRUE(after->by_public_key.contains("p"));
  EXPECT_TRUE(after->by_uid.contains(7));
  k.revoked = true;
  const auto last = table_of({k}, after.get());
  EXPECT_TRUE(last->find("a"));
  EXPECT_FALSE(last->by_public_key.contains("p") || last->by_uid.contains(7));
  EXPECT_TRUE(after->lets_in(0));
  EXPECT_FALSE(last->lets_in(0));
}

TEST(a_table, ends_what_is_revoked_or_gone_and_nothing_else) {
  api_key a, b, c;
  a.id = "a";
  b.id = "b";
  c.id = "c";
  const auto first = table_of({a, b, c}, nullptr);
  b.revoked = true;
  const auto second = table_of({a, b}, first.get());
  EXPECT_FALSE(*first->find("a")->ended);
  EXPECT_TRUE(*first->find("b")->ended);
  EXPECT_TRUE(*first->find("c")->ended);
  EXPECT_TRUE(*second->find("b")->ended);
}

TEST(a_table, ends_what_has_expired_and_says_when_the_next_does) {
  api_key a, b, c;
  a.id = "a";
  b.id = "b";
  b.expires = 100;
  c.id = "c";
  c.expires = 200;
  const auto t = table_of({a, b, c}, nullptr);
  EXPECT_EQ(end_expired(*t, 99), 100);
  EXPECT_FALSE(*t->find("b")->ended);
  EXPECT_EQ(end_expired(*t, 100), 200);
  EXPECT_TRUE(*t->find("b")->ended);
  EXPECT_EQ(end_expired(*t, 300), 0);
  EXPECT_FALSE(*t->find("a")->ended);
  b.expires = 0; // it counts again, for what comes now
  const auto later = table_of({a, b, c}, t.get());
  EXPECT_TRUE(*t->find("b")->ended);
  EXPECT_FALSE(*later->find("b")->ended);
}

TEST(an_idempotency_key, is_its_owners) {
  EXPECT_EQ(key_of_owner(nullptr, "k"), "k");
  EXPECT_EQ(key_of_owner(granted({}), ""), "");
  EXPECT_NE(key_of_owner(granted({}), "k"), "k");
}

} // namespace
} // namespace conductor::test
