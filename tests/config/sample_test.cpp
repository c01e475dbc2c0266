#include "config/load.hpp"
#include "config/schema.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace conductor {
namespace {

const std::map<std::string, std::string> home{{"HOME", "/home/you"}};

std::string sample() {
  std::ifstream in(CONDUCTOR_SAMPLE);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// With the # taken from each key and table: what starts with # and no blank.
std::string uncommented(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line); out += line + '\n')
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ')
      line.erase(0, 1);
  return out;
}

TEST(sample, as_it_is_changes_nothing) {
  const auto config = load_config({"conductor.toml", sample(), home, {}});
  for (const auto& e : config.entries)
    EXPECT_EQ(e.origin, "default") << e.key;
}

TEST(sample, has_every_key_at_its_default) {
  const auto expected = load_config({"", "", home, {}});
  const auto config = load_config({"conductor.toml", uncommented(sample()), home, {}});
  ASSERT_EQ(config.entries.size(), expected.entries.size());
  ASSERT_GT(config.entries.size(), schema().size());
  for (std::size_t i = 0; i < config.entries.size(); ++i) {
    const auto& e = config.entries[i];
    EXPECT_EQ(e.key, expected.entries[i].key);
    EXPECT_EQ(e.value, expected.entries[i].value) << e.key;
    EXPECT_TRUE(e.origin.starts_with("conductor.toml:")) << e.key << ": " << e.origin;
  }
}

TEST(sample, that_was_changed_is_read_at_the_line_where_it_was_changed) {
  auto text = sample();
  const std::string key = "#level = \"info\"";
  const auto at = text.find(key);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, key.size(), "level = \"warn\"");
  const auto line =
      1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
  const auto config = load_config({"conductor.toml", text, home, {}});
  EXPECT_EQ(config.values.log.level, log_level::warn);
  for (const auto& e : config.entries)
    if (e.key == "log.level") {
      EXPECT_EQ(e.origin, "conductor.toml:" + std::to_string(line));
    }
}

} // namespace
} // namespace conductor
