#pragma once

#include "adapters/cli/commands.hpp"
#include "adapters/cli/failure.hpp"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace conductor::cli {

/// What a command left behind.
struct outcome {
  int code;
  std::string out, err;
};

/// Runs a command line as the program would, with nothing on standard input.
inline outcome conduct(std::vector<std::string> words) {
  int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::close(nothing);
  CLI::App app("conductor", "conductor");
  outcome o{0, {}, {}};
  add_client_commands(app, o.code);
  std::reverse(words.begin(), words.end()); // as CLI11 wants them
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  try {
    app.parse(words);
  } catch (const CLI::ParseError& e) {
    o.code = app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  o.out = testing::internal::GetCapturedStdout();
  o.err = testing::internal::GetCapturedStderr();
  return o;
}

/// The JSON body of a request that a peer took.
inline nlohmann::json body_of(const std::string& request) {
  return nlohmann::json::parse(request.substr(request.find("\r\n\r\n") + 4));
}

} // namespace conductor::cli
