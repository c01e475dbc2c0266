#pragma once

#include "messages/request.hpp"

#include <string>
#include <string_view>

namespace conductor {

/// What a path and method mean to the node.
struct route {
  request_kind kind = request_kind::relay;
  dialect speaks = dialect::ollama;
  bool upgrades = false;    ///< the connection becomes a WebSocket
  bool known = true;        ///< false: no such path, 404
  bool uploads = false;     ///< the body is passed on while it arrives, of any size
  bool names_model = false; ///< the JSON body names a model
  bool streams_by_default = false; ///< without `stream` in the body
  bool repeatable = false;         ///< asking twice does no harm
  bool edits_models = false;       ///< changes what a backend has
};

/// Everything under /api and /v1 is passed on, known or not, so that tomorrow's Ollama
/// works too.
route find_route(std::string_view method, std::string_view path);

} // namespace conductor
