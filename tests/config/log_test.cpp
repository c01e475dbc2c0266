#include "adapters/log/log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace conductor {
namespace {

const std::string wild = "a \"b\" \\ c\nd\te\r\x1b[31m\x7f \xff\xfe b\xc3\xbcro";

/// The lines that `act` logs.
std::vector<std::string> logged(log_level level, log_format format,
                                const std::function<void()>& act) {
  testing::internal::CaptureStderr();
  start_log({level, format, true});
  act();
  stop_log();
  std::istringstream in(testing::internal::GetCapturedStderr());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

TEST(json_log, is_one_valid_object_a_line_whatever_the_message_holds) {
  const auto lines = logged(log_level::info, log_format::json, [] {
    spdlog::info("backend {} is down: {}", "gpu-1", wild);
    spdlog::error(std::string("nul \0 inside", 12));
    spdlog::warn("");
  });
  ASSERT_EQ(lines.size(), 3u);
  const auto first = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(first.at("level"), "info");
  EXPECT_EQ(first.at("message"),
            "backend gpu-1 is down: a \"b\" \\ c\nd\te\r\x1b[31m\x7f "
            "\xef\xbf\xbd\xef\xbf\xbd b\xc3\xbcro");
  EXPECT_EQ(first.at("time").get<std::string>().size(),
            std::string("2026-11-23T16:20:49.123+00:00").size());
  EXPECT_EQ(nlohmann::json::parse(lines[1]).at("message"),
            std::string("nul \0 inside", 12));
  EXPECT_EQ(nlohmann::json::parse(lines[2]).at("message"), "");
}

TEST(text_log, keeps_a_message_on_one_line) {
  const auto lines =
      logged(log_level::info, log_format::text, [] { spdlog::info("model {}", wild); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(" info model a \"b\" \\ c\\x0ad\\x09e\\x0d\\x1b[31m\\x7f "),
            std::string::npos)
      << lines[0];
}

TEST(log, leaves_out_what_is_below_its_level) {
  const auto all = [] {
    spdlog::trace("t");
    spdlog::debug("d");
    spdlog::info("i");
    spdlog::warn("w");
    spdlog::error("e");
  };
  EXPECT_EQ(logged(log_level::trace, log_format::text, all).size(), 5u);
  EXPECT_EQ(logged(log_level::debug, log_format::text, all).size(), 4u);
  EXPECT_EQ(logged(log_level::info, log_format::text, all).size(), 3u);
  EXPECT_EQ(logged(log_level::warn, log_format::text, all).size(), 2u);
  EXPECT_EQ(logged(log_level::error, log_format::text, all).size(), 1u);
}

TEST(log, that_is_overrun_drops_lines_tells_how_many_and_loses_no_other) {
  constexpr std::size_t asked = 200'000;
  const auto lines = logged(log_level::info, log_format::text, [] {
    for (std::size_t i = 0; i < asked; ++i)
      spdlog::info("line {}", i);
  });
  ASSERT_FALSE(lines.empty());
  if (lines.size() == asked) // the writer kept up
    return;
  const std::string words = "the log lost ";
  const auto at = lines.back().find(words);
  ASSERT_NE(at, std::string::npos) << lines.back();
  const auto lost = std::stoul(lines.back().substr(at + words.size()));
  // The line that tells may itself have pushed one out.
  EXPECT_GE(lines.size() + lost, asked);
}

TEST(log, that_was_stopped_writes_late_lines_at_once) {
  testing::internal::CaptureStderr();
  start_log({log_level::info, log_format::text, true});
  stop_log();
  spdlog::info("late");
  EXPECT_TRUE(testing::internal::GetCapturedStderr().ends_with(" info late\n"));
}

} // namespace
} // namespace conductor
