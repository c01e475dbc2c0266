#include "adapters/keys/signature.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include <string>
#include <vector>

namespace conductor::test {
namespace {

// Made by ssh-keygen and openssl pkeyutl -sign -rawin.
const std::string key =
    "AAAAC3NzaC1lZDI1NTE5AAAAIKulBZHaWDe+q7CjlWk8QR3eBSzT+4Bxajsxbq8fCF4r";
const std::string signature =
    "jhNzJCVKfHWW+Zd5dZbQJbT/nrIcuvV+KVJ0zXqSJ7L2qn5z8Lqtxn8fNDO"
    "5OeQ3XS20f/YLV9T0Usa0LCkvBA==";
const std::string text = "POST,/api/show?ts=1790000000";

TEST(a_claim, is_a_public_key_and_its_signature) {
  const auto claim = parse_claim(key + ":" + signature);
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->public_key, key);
  EXPECT_EQ(claim->signature[0], 0x8e);
  for (const auto& other : std::vector<std::string>{
           "", ":", key, key + ":", ":" + signature, key + ":" + signature + "=",
           key + ":AAAA", "AAAA:" + signature, "Bearer " + key, signature + ":" + key,
           "ssh-ed25519 " + key + ":" + signature})
    EXPECT_FALSE(parse_claim(other)) << other;
}

TEST(a_signature, counts_for_the_text_and_the_key_that_it_was_made_with) {
  auto claim = *parse_claim(key + ":" + signature);
  EXPECT_TRUE(verify(claim, text));
  EXPECT_FALSE(verify(claim, text + " "));
  EXPECT_FALSE(verify(claim, "POST,/api/show?ts=1790000001"));
  EXPECT_FALSE(verify(claim, ""));
  for (const std::size_t i : {0u, 31u, 32u, 63u}) {
    auto changed = claim;
    changed.signature[i] ^= 1;
    EXPECT_FALSE(verify(changed, text)) << i;
  }
  claim.public_key[40] = 'A';
  EXPECT_FALSE(verify(claim, text));
}

TEST(a_public_key, is_read_off_a_line_as_openssh_writes_it) {
  EXPECT_EQ(public_key_of("ssh-ed25519 " + key + " me@box\n"), key);
  EXPECT_EQ(public_key_of("  ssh-ed25519\t" + key), key);
  EXPECT_EQ(public_key_of(key), key);
  for (const auto& other :
       std::vector<std::string>{"", "ssh-ed25519", "ssh-rsa " + key, "ssh-ed25519 AAAA",
                                key.substr(4), key + "AAAA"})
    EXPECT_FALSE(public_key_of(other)) << other;
}

TEST(base64, has_one_text_for_each_value) {
  EXPECT_EQ(from_base64("")->size(), 0u);
  EXPECT_EQ(from_base64("TQ==")->at(0), 'M');
  EXPECT_EQ(from_base64("TWE=")->size(), 2u);
  for (const auto& other : std::vector<std::string>{
           "T", "TQ", "TQ=", "TR==", "TWF=", "T===", "====", "TQ==TQ==", "T Q=", "TQ-_"})
    EXPECT_FALSE(from_base64(other)) << other;
}

TEST(the_time_of_a_signature, is_in_the_query) {
  EXPECT_EQ(time_signed("/api/tags?ts=17"), 17);
  EXPECT_EQ(time_signed("/api/tags?a=1&ts=17&b"), 17);
  for (const auto& other : std::vector<std::string>{
           "/api/tags", "/ts=17", "/a?ts=", "/a?ts=x", "/a?ts=-1", "/a?ts=0", "/a?tts=1",
           "/a?ts=99999999999999999999", "/a?ts=1x"})
    EXPECT_FALSE(time_signed(other)) << other;
}

TEST(a_signature_that_was_used, counts_again_only_in_the_same_moment) {
  used_signatures used;
  std::array<unsigned char, 64> one{1}, other{2};
  EXPECT_TRUE(used.admit(one, 1000));
  EXPECT_TRUE(used.admit(one, 1000));
  EXPECT_TRUE(used.admit(one, 1002));
  EXPECT_FALSE(used.admit(one, 1003));
  EXPECT_TRUE(used.admit(other, 1003));
  EXPECT_FALSE(used.admit(one, 1600)); // its time is good no longer than this
}

TEST(signatures_that_were_used, take_no_more_room_than_there_is) {
  used_signatures used;
  std::size_t admitted = 0;
  for (unsigned i = 0; i < 200'000; ++i) {
    const auto random = (i + 1) * 0x9E3779B97F4A7C15ull;
    std::array<unsigned char, 64> s{};
    std::memcpy(s.data(), &random, sizeof random);
    admitted += used.admit(s, 1000);
  }
  EXPECT_GT(admitted, 30'000u);
  EXPECT_LE(admitted, 1u << 15);
  std::array<unsigned char, 64> late{9, 9, 9, 9, 9};
  EXPECT_TRUE(used.admit(late, 1000 + 2 * used_signatures::window_s + 1));
}

} // namespace
} // namespace conductor::test
