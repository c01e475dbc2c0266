#include "adapters/keys/gate.hpp"
#include "adapters/keys/key_text.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <memory>
#include <string>

namespace conductor::test {
namespace {

constexpr std::int64_t now = 1'790'000'000'000;

api_key a_key(const std::string& id, const std::string& secret) {
  api_key k;
  k.id = id;
  k.name = "name-" + id;
  set_secret(k, secret);
  return k;
}

/// A gate before the keys that the test makes.
struct a_gate {
  explicit a_gate(access_rule rule = access_rule::remote, bool insecure = false)
      : subject(rule, insecure, [this] { return table; }) {}

  entry judge(const credentials& shown) const { return subject.judge(shown, now); }

  key_table_ptr table = table_of({a_key("a", "secret")}, nullptr);
  gate subject;
};

credentials from_here() {
  credentials c;
  c.local = true;
  return c;
}

credentials with_key(std::string text, bool may_be_others = false) {
  credentials c;
  c.key = std::move(text);
  c.key_may_be_others = may_be_others;
  return c;
}

bool let_in_freely(const entry& e) {
  return !e.by && e.refused.empty();
}

TEST(a_gate_for_remote_peers, lets_this_machine_in) {
  const a_gate g;
  EXPECT_TRUE(let_in_freely(g.judge(from_here())));
}

TEST(a_gate_for_remote_peers, lets_nobody_else_in_without_a_key) {
  const a_gate g;
  EXPECT_FALSE(g.judge({}).refused.empty());
  auto through_a_proxy = from_here();
  through_a_proxy.proxied = true;
  EXPECT_FALSE(g.judge(through_a_proxy).refused.empty());
}

TEST(a_gate, knows_a_key_by_its_secret) {
  const a_gate g;
  EXPECT_EQ(g.judge(with_key("cnd_a_secret")).by, g.table->find("a"));
  for (const auto* text : {"cnd_a_Secret", "cnd_b_secret", "cnd_a", "secret", "cnd_a_"}) {
    EXPECT_FALSE(g.judge(with_key(text)).by) << text;
    EXPECT_FALSE(g.judge(with_key(text)).refused.empty()) << text;
  }
  // An id that is wrong is told as a secret that is wrong.
  EXPECT_EQ(g.judge(with_key("cnd_a_x")).refused, g.judge(with_key("cnd_b_x")).refused);
}

TEST(a_key_that_is_shown, counts_also_from_this_machine) {
  const a_gate g;
  auto shown = from_here();
  shown.key = "cnd_a_wrong";
  shown.key_may_be_others = true;
  EXPECT_FALSE(g.judge(shown).refused.empty());
  shown.key = "cnd_a_secret";
  EXPECT_TRUE(g.judge(shown).by);
}

TEST(another_programs_key, says_nothing_from_this_machine) {
  const a_gate g;
  auto shown = from_here();
  shown.key = "ollama";
  shown.key_may_be_others = true;
  EXPECT_TRUE(let_in_freely(g.judge(shown)));
  shown.key_may_be_others = false; // of a path, where it can only be ours
  EXPECT_FALSE(g.judge(shown).refused.empty());
  EXPECT_FALSE(g.judge(with_key("ollama", true)).refused.empty());
}

TEST(a_key_that_has_expired_or_was_revoked, lets_nobody_in) {
  a_gate g;
  auto old = a_key("old", "s"), revoked = a_key("revoked", "s"),
       young = a_key("young", "s");
  old.expires = now;
  young.expires = now + 1;
  revoked.revoked = true;
  g.table = table_of({old, revoked, young}, nullptr);
  EXPECT_NE(g.judge(with_key("cnd_old_s")).refused.find("expired"), std::string::npos);
  EXPECT_NE(g.judge(with_key("cnd_revoked_s")).refused.find("revoked"),
            std::string::npos);
  EXPECT_TRUE(g.judge(with_key("cnd_young_s")).by);
}

TEST(a_gate_for_everybody, lets_in_the_nodes_own_user_and_root_at_a_unix_socket) {
  const a_gate g{access_rule::always};
  EXPECT_FALSE(g.judge(from_here()).refused.empty());
  auto shown = from_here();
  shown.uid = ::getuid();
  EXPECT_TRUE(let_in_freely(g.judge(shown)));
  shown.uid = 0;
  EXPECT_TRUE(let_in_freely(g.judge(shown)));
  shown.proxied = true;
  EXPECT_FALSE(g.judge(shown).refused.empty());
  shown.proxied = false;
  shown.uid = ::getuid() + 1;
  EXPECT_FALSE(g.judge(shown).refused.empty());
}

TEST(a_user_at_a_unix_socket, is_the_key_that_stands_for_him) {
  a_gate g{access_rule::always};
  auto k = a_key("a", "secret");
  k.uid = ::getuid() + 1;
  g.table = table_of({k}, nullptr);
  auto shown = from_here();
  shown.uid = *k.uid;
  EXPECT_EQ(g.judge(shown).by, g.table->find("a"));
}

TEST(an_insecure_gate, lets_everybody_in_but_no_wrong_key) {
  const a_gate g{access_rule::always, true};
  EXPECT_TRUE(let_in_freely(g.judge({})));
  EXPECT_FALSE(g.judge(with_key("cnd_a_wrong")).refused.empty());
}

class a_signed_request : public ::testing::Test {
protected:
  a_signed_request() {
    auto k = a_key("a", "secret");
    k.public_key = "AAAAC3NzaC1lZDI1NTE5AAAAIKulBZHaWDe+q7CjlWk8QR3eBSzT+4Bxajsxbq8fCF4r";
    g.table = table_of({k}, nullptr);
    shown.method = "POST";
    shown.path = "/api/show";
    shown.target = "/api/show?ts=1790000000";
    shown.signature = k.public_key +
                      ":jhNzJCVKfHWW+Zd5dZbQJbT/nrIcuvV+KVJ0zXqSJ7L2qn5z8Lqt"
                      "xn8fNDO5OeQ3XS20f/YLV9T0Usa0LCkvBA==";
  }
  a_gate g;
  credentials shown;
};

TEST_F(a_signed_request, is_its_public_keys) {
  EXPECT_EQ(g.judge(shown).by, g.table->find("a"));
}

TEST_F(a_signed_request, counts_once_and_within_five_minutes) {
  EXPECT_TRUE(g.subject.judge(shown, now - 299'000).by);
  EXPECT_FALSE(g.subject.judge(shown, now + 299'000).by); // it was used
  EXPECT_FALSE(g.subject.judge(shown, now + 301'000).by);
  EXPECT_FALSE(g.subject.judge(shown, now - 301'000).by);
}

TEST_F(a_signed_request, is_of_that_method_and_path) {
  shown.path = "/api/delete";
  EXPECT_FALSE(g.judge(shown).refused.empty());
  shown.path = "/api/show";
  shown.method = "GET";
  EXPECT_FALSE(g.judge(shown).refused.empty());
}

TEST_F(a_signed_request, of_a_key_that_is_not_enrolled_says_nothing_from_this_machine) {
  g.table = table_of({}, nullptr);
  EXPECT_FALSE(g.judge(shown).refused.empty());
  shown.local = true;
  EXPECT_TRUE(let_in_freely(g.judge(shown)));
}

} // namespace
} // namespace conductor::test
