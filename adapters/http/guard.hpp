#pragma once

#include "adapters/http/parser.hpp"

#include <optional>
#include <string>
#include <vector>

namespace conductor {

/// Ollama's guards against a web page that talks to a local server behind its user's
/// back.
struct guard_rules {
  bool local_listener = false; ///< the Host guard is for loopback listeners
  std::vector<std::string>
      origins; ///< allowed besides Ollama's own; `*` within is any text
};

/// What the guards make of a request.
struct verdict {
  std::optional<int> status;         ///< answer this with an empty body; empty: go on
  std::vector<header_field> headers; ///< to add to the answer
};

/// Judges Host and Origin as Ollama does (server/routes.go allowedHostsMiddleware and
/// gin-contrib/cors), with its default origins.
verdict judge(const request_head& head, const guard_rules& rules);

} // namespace conductor
