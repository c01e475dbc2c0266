#include "adapters/cli/keys.hpp"

#include "tests/adapters/cli/conduct.hpp"
#include "tests/adapters/cli/peer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace conductor::cli {
namespace {

using nlohmann::json;

std::string line_of(const std::string& request) {
  return request.substr(0, request.find(" HTTP/1.1"));
}

const auto listed = json::parse(R"({"keys":[
  {"id":"old","name":"shell","scopes":["inference"],"models":[],"revoked":true},
  {"id":"new","name":"shell","scopes":["inference"],"models":[],"revoked":false},
  {"id":"web","name":"web","scopes":["admin"],"models":["qwen*"],"revoked":false}]})");

struct keys_set : testing::Test {
  peer node{{response(listed.dump()), response(R"({"name":"shell"})")}};

  outcome set(std::vector<std::string> words) {
    words.insert(words.begin(), {"keys", "set"});
    words.insert(words.end(), {"--host", node.host()});
    return conduct(words);
  }
};

TEST_F(keys_set, asks_the_node_to_change_what_was_said_and_nothing_else) {
  const auto done = set({"shell", "--scope", "inference", "--scope", "models", "--model",
                         "qwen3:*", "--rpm", "7", "--parallel", "0", "--class", "batch",
                         "--expires", "30d", "--trusted"});
  EXPECT_EQ(done.code, exit_ok) << done.err;
  EXPECT_EQ(done.out, "changed 'shell'\n");
  const auto asked = node.requests();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(line_of(asked[0]), "GET /conductor/v1/keys");
  EXPECT_EQ(line_of(asked[1]), "PATCH /conductor/v1/keys/new"); // the one that counts
  EXPECT_EQ(body_of(asked[1]), json::parse(R"({"scopes":["inference","models"],
    "models":["qwen3:*"],"requests_per_minute":7,"parallel":0,"class":"batch",
    "ttl_seconds":2592000,"trusted":true})"));
}

TEST_F(keys_set, makes_what_is_reset_as_a_new_key_has_it) {
  const auto done = set({"web", "--reset", "model", "--reset", "rpm", "--reset", "uid",
                         "--reset", "default-class", "--tpd", "5", "--json"});
  EXPECT_EQ(done.code, exit_ok) << done.err;
  EXPECT_EQ(done.out, "{\"name\":\"shell\"}\n");
  EXPECT_EQ(line_of(node.requests().at(1)), "PATCH /conductor/v1/keys/web");
  EXPECT_EQ(body_of(node.requests().at(1)), json::parse(R"({"models":null,
    "requests_per_minute":null,"uid":null,"default_class":null,"tokens_per_day":5})"));
}

TEST_F(keys_set, asks_nobody_where_there_is_nothing_to_change_or_no_sense) {
  for (const auto& [words, told] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"shell"}, "nothing to change"},
           {{"shell", "--reset", "name"}, "--reset takes scope, model"},
           {{"shell", "--rpm", "7", "--reset", "rpm"}, "exclude each other"},
           {{"shell", "--expires", "soon"}, "--expires must be"},
           {{"shell", "--rpm", "many"}, "--rpm"},
           {{}, "name"}}) {
    const auto done = set(words);
    EXPECT_EQ(done.code, exit_usage) << told;
    EXPECT_NE((done.out + done.err).find(told), std::string::npos) << done.err;
  }
  EXPECT_TRUE(node.requests().empty());
}

TEST_F(keys_set, says_that_there_is_no_such_key) {
  const auto done = set({"none", "--rpm", "7"});
  EXPECT_EQ(done.code, exit_error);
  EXPECT_NE(done.err.find("no key of the name or id 'none'"), std::string::npos);
  EXPECT_EQ(node.requests().size(), 1u);
}

TEST(keys_create, sends_the_name_with_the_wishes) {
  peer node({response(R"({"name":"shell","key":"cnd_a_b"})", "201 Created")});
  const auto done = conduct(
      {"keys", "create", "shell", "--gpd", "9", "--uid", "1000", "--host", node.host()});
  EXPECT_EQ(done.code, exit_ok) << done.err;
  EXPECT_EQ(done.out, "cnd_a_b\n");
  EXPECT_EQ(body_of(node.requests().at(0)),
            json::parse(R"({"name":"shell","gpu_seconds_per_day":9,"uid":1000})"));
}

} // namespace
} // namespace conductor::cli
