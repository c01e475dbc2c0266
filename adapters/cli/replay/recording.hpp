#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::cli {

/// One request that ended, as a node told of it: sizes and times, no text.
struct recorded_request {
  double at_s = 0; ///< since the first of the recording
  bool embeds = false;
  bool cancelled = false; ///< the client left before the end
  bool failed = false;
  std::string model;
  std::string priority; ///< its class
  std::string flow;
  std::string session; ///< empty: of none
  std::uint64_t prompt_tokens = 0;
  std::uint64_t answer_tokens = 0;
  double queue_s = 0; ///< waited for a place
  double first_s = 0; ///< to the first record; 0: none came
  double total_s = 0;
};

/// What can be asked again, in the order in which it came, and how many cannot: what
/// named no model, or took no place.
struct recording {
  std::vector<recorded_request> requests;
  std::size_t left_out = 0;
};

/// Reads what `conductor requests --json` printed, or the lines of `--follow --json`.
/// Throws failure with exit_usage that names the line which is no such thing.
recording parse_recording(std::string_view text, const std::string& name);

} // namespace conductor::cli
