#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace conductor {

/// What the decisions need of a JSON request body.
struct body_facts {
  std::string model; ///< `model`, else `name`
  std::optional<bool> stream;
  bool bare = true;    ///< nothing to answer: no prompt, messages, input or images
  std::string blob;    ///< first `sha256:` digest of `files` or `adapters`
  bool stored = false; ///< `store` is true, or `previous_response_id` is not null
  std::string
      runner_options; ///< `options` that make Ollama reload, `num_ctx=4096,…`, sorted
};

/// Finds them by scanning the bytes once: no document tree, nothing of a prompt is
/// copied. Keys are compared as Go does, in any case (those of `options` exactly); of
/// equal keys the last counts. A body that is no JSON object gives what was found up to
/// there: Ollama tells the client what is wrong.
body_facts scan_body(std::string_view json);

} // namespace conductor
