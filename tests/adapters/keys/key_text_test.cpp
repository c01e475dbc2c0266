#include "adapters/keys/digest.hpp"
#include "adapters/keys/key_text.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace conductor::test {
namespace {

TEST(a_keys_text, is_taken_apart) {
  const auto parts = parse_key("cnd_Ab1_Secret9");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->id, "Ab1");
  EXPECT_EQ(parts->secret, "Secret9");
}

TEST(what_is_no_keys_text, is_none) {
  const std::string long_one(129, 'a');
  for (const std::string text :
       {"", "cnd_", "cnd__", "cnd_a", "cnd_a_", "cnd__b", "cnd_a_b_c", "CND_a_b", "a_b",
        "cnd_a-_b", "cnd_a_b ", " cnd_a_b", "cnd_ä_b"})
    EXPECT_FALSE(parse_key(text)) << text;
  EXPECT_FALSE(parse_key("cnd_a_" + long_one));
  EXPECT_FALSE(parse_key("cnd_" + long_one + "_a"));
  EXPECT_FALSE(parse_key(std::string_view{"cnd_a_b\0", 8}));
}

TEST(a_new_key, is_like_no_other) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto text = std::string{key_mark} + new_key_id() + "_" + new_secret();
    const auto parts = parse_key(text);
    ASSERT_TRUE(parts) << text;
    EXPECT_EQ(parts->secret.size(), 43u); // of 62 letters: more than 256 bits
    EXPECT_TRUE(seen.insert(text).second);
  }
}

TEST(a_secret, is_known_by_its_salted_digest_alone) {
  api_key k, other;
  set_secret(k, "secret");
  set_secret(other, "secret");
  EXPECT_TRUE(has_secret(k, "secret"));
  EXPECT_FALSE(has_secret(k, "Secret"));
  EXPECT_FALSE(has_secret(k, ""));
  EXPECT_FALSE(has_secret({}, ""));
  EXPECT_NE(k.digest, other.digest);
  EXPECT_EQ(k.digest.find("secret"), std::string::npos);
}

TEST(a_digest, is_sha_256_of_both_texts) {
  // printf abc | sha256sum
  EXPECT_EQ(sha256_hex("a", "bc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(a_log, tells_no_secret_wherever_a_key_stands) {
  for (const auto& [text, told] : std::vector<std::pair<std::string, std::string>>{
           {"/api/tags", "/api/tags"},
           {"//t/cnd_abc_S3cret/api", "//t/cnd_abc_…/api"},
           {"cnd_a_b cnd_c_d", "cnd_a_… cnd_c_…"},
           {"cnd_cnd_a_b", "cnd_cnd_…_…"},
           {"cnd_a", "cnd_a"},
           {"cnd_a_", "cnd_a_"},
           {"cnd_a_…", "cnd_a_…"},
           {"/t/cnd%5Fabc%5fS%33cret/api", "/t/cnd%5Fabc%5f…/api"},
           {"%63nd_a_b%", "%63nd_a_…%"},
           {"cnd%_a_b cnd_a_b%5z%6", "cnd%_a_b cnd_a_…%5z%6"},
           {"%0cnd_a_b", "%0cnd_a_…"}, // a key, or the end of an escape
           {"?key=cnd_a_b&c", "?key=cnd_a_…&c"}})
    EXPECT_EQ(without_secrets(text), told);
}

// A client may send megabytes of them for a model's name.
TEST(a_log, is_not_held_up_by_a_text_that_is_full_of_keys) {
  std::string text, told;
  for (int i = 0; i < 500'000; ++i) {
    text += "cnd_a_b ";
    told += "cnd_a_… ";
  }
  const auto begin = std::clock();
  EXPECT_TRUE(without_secrets(text) == told);
  EXPECT_LT(std::clock() - begin, 3 * CLOCKS_PER_SEC) << "processor time";
}

} // namespace
} // namespace conductor::test
