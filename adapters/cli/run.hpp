#pragma once

#include <string>
#include <vector>

namespace conductor::cli {

/// What `conductor run` was told.
struct run_options {
  std::string host;
  std::string model;       ///< with a session perhaps a word of the prompt
  std::string session;     ///< id, beginning of the id, or title; empty: none
  bool model_first = true; ///< it stood before the session
  std::vector<std::string> prompt;
  std::vector<std::string> images;  ///< paths
  std::vector<std::string> options; ///< key=value
  std::string format;               ///< `json` or a JSON schema
  std::string keep_alive;
  std::string think; ///< empty: not said
  int dimensions = 0;
  bool truncate = true;
  bool truncate_said = false;
  bool insecure = false;
  bool hide_thinking = false;
  bool no_word_wrap = false;
  bool verbose = false;
  bool raw = false; ///< records as they came
};

/// Asks a model once and shows its answer. Returns the exit code, throws failure.
int run(const run_options& options);

/// The same in a session of the node, which is made if there is none of that name.
int run_in_session(const run_options& options);

/// The body for /api/generate (or /api/embed with `input` for `prompt`) that the options
/// ask for; `images` are in base64. Throws failure with exit_usage for a flag's value
/// that makes no sense.
std::string generate_body(const run_options& options, const std::string& prompt,
                          const std::vector<std::string>& images);
std::string embed_body(const run_options& options, const std::string& prompt);

/// The body that says something to a session, and the one that asks it to answer again.
std::string message_body(const run_options& options, const std::string& prompt,
                         const std::vector<std::string>& images);
std::string regenerate_body(const run_options& options);

} // namespace conductor::cli
