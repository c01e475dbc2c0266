#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor {

/// What Conductor sets in a request's JSON body: everything else stays byte for byte.
struct body_changes {
  std::string model; ///< in place of `model`, or of `name` where that alone is there;
                     ///< empty: as it is
  std::vector<std::pair<std::string, std::string>>
      options;            ///< `options.KEY` := JSON text, e.g. {"num_ctx", "8192"}
  std::string keep_alive; ///< JSON text (`"5m"`, `-1`), only where the body has none or
                          ///< null; empty: as it is
};

/// The body with the changes. What is there is replaced at its place, of equal keys the
/// last, which is the one that Go reads; what is not goes to the end of its object. A
/// body that is no JSON object, and a member of a type that Ollama refuses, stay as they
/// are: Ollama tells the client what is wrong.
std::string patch_body(std::string_view json, const body_changes& changes);

} // namespace conductor
