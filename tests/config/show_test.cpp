#include "config/load.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace conductor {
namespace {

const config_inputs mixed{
    "conductor.toml",
    "[log]\nlevel = \"debug\"\n[[backend]]\nname = \"a\"\nurl = \"box\"\nparallel = 2\n"
    "[[backend]]\nurl = \"[::1]:99\"\n",
    {{"HOME", "/home/\"me\\"}, {"CONDUCTOR_QUEUE_LIMIT", "7"}},
    {{"server.listen", {"127.0.0.1:1", "unix:/run/c.sock"}}}};

TEST(shown_configuration, tells_every_value_and_who_said_it) {
  const auto text = show_config(load_config(mixed));
  const auto has = [&](const std::string& assignment, const std::string& origin) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
      if (line.starts_with(assignment + ' ') && line.ends_with("# " + origin))
        return true;
    return false;
  };
  EXPECT_TRUE(has("listen = [\"127.0.0.1:1\", \"unix:/run/c.sock\"]", "flag --listen"));
  EXPECT_TRUE(has("limit = 7", "environment CONDUCTOR_QUEUE_LIMIT"));
  EXPECT_TRUE(has("level = \"debug\"", "conductor.toml:2"));
  EXPECT_TRUE(has("stall = \"50ms\"", "default"));
  EXPECT_TRUE(has("name = \"a\"", "conductor.toml:3"));
  EXPECT_TRUE(has("parallel = 2", "conductor.toml:3"));
  EXPECT_TRUE(has("name = \"ollama\"", "conductor.toml:7"));
  EXPECT_TRUE(has("url = \"http://[::1]:99\"", "conductor.toml:7"));
}

TEST(shown_configuration, is_a_file_that_says_the_same) {
  const auto config = load_config(mixed);
  const auto again = load_config({"shown.toml", show_config(config), {}, {}});
  ASSERT_EQ(again.entries.size(), config.entries.size());
  for (std::size_t i = 0; i < config.entries.size(); ++i) {
    EXPECT_EQ(again.entries[i].key, config.entries[i].key);
    EXPECT_EQ(again.entries[i].value, config.entries[i].value) << config.entries[i].key;
  }
}

} // namespace
} // namespace conductor
