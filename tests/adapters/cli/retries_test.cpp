#include "adapters/cli/failure.hpp"
#include "adapters/cli/retries.hpp"
#include "tests/adapters/cli/peer.hpp"

#include <gtest/gtest.h>

namespace conductor::cli {
namespace {

using std::chrono::milliseconds;

TEST(retries, pause_longer_and_longer_and_end) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    retries again(seed);
    for (unsigned whole : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
      auto pause = again.next();
      ASSERT_TRUE(pause);
      EXPECT_GE(*pause, milliseconds(whole / 2));
      EXPECT_LE(*pause, milliseconds(whole));
    }
    EXPECT_FALSE(again.next());
    again.start_over();
    EXPECT_LE(again.next().value_or(milliseconds::max()), milliseconds(100));
  }
}

TEST(retries, differ_by_chance) {
  EXPECT_NE(retries(1).next(), retries(1'000'000'007).next());
}

TEST(fetch_surely, sends_the_same_again_after_a_lost_connection) {
  peer server({"", "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n{", response("{}")});
  client node({server.at()}, "node", "");
  auto what = request{"POST", "/", "{}", {{"Idempotency-Key", fresh_key()}}};
  EXPECT_EQ(fetch_surely(node, what).body, "{}");
  auto sent = server.requests();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0], sent[1]);
  EXPECT_EQ(sent[0], sent[2]);
}

TEST(fetch_surely, takes_no_for_an_answer) {
  peer server({response("{}", "503 Service Unavailable")});
  client node({server.at()}, "node", "");
  EXPECT_THROW(fetch_surely(node, {"GET", "/"}), refusal);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(fresh_key, is_another_one_each_time) {
  EXPECT_EQ(fresh_key().size(), 32u);
  EXPECT_NE(fresh_key(), fresh_key());
}

} // namespace
} // namespace conductor::cli
