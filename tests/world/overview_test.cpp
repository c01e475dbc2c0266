#include "tests/world/a_talk.hpp"
#include "tests/world/world_fixture.hpp"

namespace conductor::test {
namespace {

using json = nlohmann::json;

class an_overview : public a_node {
protected:
  static void subscribe(a_talk& to, const std::string& ref) {
    to.say({{"op", "subscribe"}, {"ref", ref}, {"topic", "overview"}});
    EXPECT_EQ(to.hear("ack")["ref"], ref);
  }
};

TEST_F(an_overview, tells_what_the_routes_tell) {
  start();
  ask("POST", "/api/generate", generate());
  a_talk watcher{port};
  subscribe(watcher, "1");
  json now;
  do
    now = watcher.hear();
  while (now["requests"]["requests"].empty() ||
         now["backends"]["backends"][0]["state"] != "up");
  EXPECT_EQ(now["topic"], "overview");
  EXPECT_EQ(now["type"], "overview");
  EXPECT_EQ(now["requests"]["requests"].size(), 1u) << now.dump();
  EXPECT_EQ(now["queue"]["waiting"].size(), 0u);
  EXPECT_EQ(now["sessions"]["sessions"].size(), 0u);
  EXPECT_EQ(now["status"]["queue"]["limit"], values.queue.limit);
  EXPECT_TRUE(now["gpus"].contains("models"));
}

TEST_F(an_overview, follows_an_answer_from_its_first_piece_to_its_end) {
  start();
  a_talk watcher{port};
  subscribe(watcher, "1");
  EXPECT_TRUE(watcher.hear()["generations"]["generations"].empty());
  http_client reader{port};
  reader.ask("POST", "/api/generate", generate(R"({"records":5000,"gap_ms":2})"));
  reader.read_first_chunk();
  std::vector<std::uint64_t> pieces;
  while (pieces.size() < 3) {
    const auto now = watcher.hear("overview");
    for (const auto& g : now["generations"]["generations"]) {
      pieces.push_back(g["pieces"].get<std::uint64_t>());
      EXPECT_LE(g["first_ms"].get<int>(), g["age_ms"].get<int>());
    }
  }
  EXPECT_GT(pieces.front(), 0u);
  EXPECT_LT(pieces.front(), pieces.back()) << "it goes on";
  reader.close();
  json now;
  do
    now = watcher.hear("overview");
  while (!now["generations"]["generations"].empty());
  EXPECT_EQ(now["requests"]["requests"].size(), 1u) << now["requests"].dump();
}

// Nothing has changed since the first one was told; the second is told all the same.
TEST_F(an_overview, is_told_at_once_to_each_who_begins_to_follow) {
  start();
  a_talk first{port};
  subscribe(first, "1");
  const auto told = first.hear();
  a_talk second{port};
  subscribe(second, "1");
  EXPECT_EQ(second.hear()["backends"], told["backends"]);
  second.say({{"op", "unsubscribe"}, {"ref", "2"}, {"topic", "overview"}});
  EXPECT_EQ(second.hear("ack")["ref"], "2");
  subscribe(second, "3");
  EXPECT_EQ(second.hear()["type"], "overview");
}

} // namespace
} // namespace conductor::test
