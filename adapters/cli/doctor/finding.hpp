#pragma once

#include <string>
#include <utility>
#include <vector>

namespace conductor::cli {

/// What one check found.
struct finding {
  enum class state { ok, skipped, warning, failed };
  state is = state::ok;
  std::string what;   ///< was looked at: a word or two
  std::string found;  ///< a sentence
  std::string advice; ///< what to do; empty: nothing
};

/// All that was found, in the order of the checks.
struct findings {
  std::vector<finding> all;

  void ok(std::string what, std::string found) {
    all.push_back({finding::state::ok, std::move(what), std::move(found), {}});
  }
  void skipped(std::string what, std::string why) {
    all.push_back({finding::state::skipped, std::move(what), std::move(why), {}});
  }
  void warning(std::string what, std::string found, std::string advice) {
    all.push_back(
        {finding::state::warning, std::move(what), std::move(found), std::move(advice)});
  }
  void failed(std::string what, std::string found, std::string advice) {
    all.push_back(
        {finding::state::failed, std::move(what), std::move(found), std::move(advice)});
  }
};

} // namespace conductor::cli
