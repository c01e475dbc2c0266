#include "adapters/http/router.hpp"

#include "messages/percent.hpp"

#include <algorithm>
#include <array>

namespace conductor {
namespace {

struct inference_path {
  std::string_view path;
  dialect speaks;
  bool streams_by_default;
};

constexpr std::array inference{
    inference_path{"/api/generate", dialect::ollama, true},
    inference_path{"/api/chat", dialect::ollama, true},
    inference_path{"/api/embed", dialect::ollama, false},
    inference_path{"/api/embeddings", dialect::ollama, false},
    inference_path{"/v1/chat/completions", dialect::openai, false},
    inference_path{"/v1/completions", dialect::openai, false},
    inference_path{"/v1/embeddings", dialect::openai, false},
    inference_path{"/v1/audio/transcriptions", dialect::openai, false},
    inference_path{"/v1/responses", dialect::responses, false},
    inference_path{"/v1/messages", dialect::anthropic, false},
};

/// What only one backend is to do, always the same one.
constexpr std::array<std::string_view, 10> edits{
    "/api/pull", "/api/push",   "/api/create",  "/api/copy",   "/api/delete",
    "/api/me",   "/api/signin", "/api/signout", "/api/status", "/api/user/keys",
};

bool under(std::string_view path, std::string_view root) {
  return path.starts_with(root) &&
         (path.size() == root.size() || path[root.size()] == '/');
}

/// Ollama has no such path; a proxy before it could make one of its own of it.
bool has_dots(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    if (part == "." || part == "..")
      return true;
    path.remove_prefix(part.size());
  }
  return false;
}

bool streams_natively(std::string_view method, std::string_view path) {
  if (under(path, "/conductor/v1/sessions"))
    return method == "POST" ? path.ends_with("/messages") || path.ends_with("/regenerate")
                            : method == "GET" && path.ends_with("/events");
  return method == "GET" && path == "/conductor/v1/backup";
}

/// Of a response that this node stored, `resp_UUID_NUMBER`: Ollama's ids have no dash.
bool names_stored_response(std::string_view path) {
  constexpr std::string_view root = "/v1/responses/resp_";
  constexpr std::size_t dash = 8; // the first one of a UUID
  return path.starts_with(root) && path.size() > root.size() + dash &&
         path[root.size() + dash] == '-';
}

} // namespace

route find_route(std::string_view method, std::string_view path) {
  route r;
  const bool reads = method == "GET" || method == "HEAD";
  r.repeatable = reads;
  if (under(path, "/conductor")) {
    r.kind = streams_natively(method, path) ? request_kind::follow : request_kind::local;
    r.speaks = dialect::native;
    r.upgrades = method == "GET" && path == "/conductor/v1/ws";
    return r;
  }
  if (path == "/" || path == "/healthz" || path == "/readyz" || path == "/metrics" ||
      under(path, "/console")) {
    r.kind = request_kind::local;
    return r;
  }
  if (has_dots(path)) {
    r.kind = request_kind::local;
    r.known = false;
    return r;
  }
  if (method == "POST") {
    const auto i = std::find_if(inference.begin(), inference.end(),
                                [&](const auto& e) { return e.path == path; });
    if (i != inference.end()) {
      r.kind = request_kind::inference;
      r.speaks = i->speaks;
      r.names_model = path != "/v1/audio/transcriptions";
      r.streams_by_default = i->streams_by_default;
      r.repeatable = true;
      return r;
    }
  }
  if (names_stored_response(path)) {
    r.kind = request_kind::follow;
    r.speaks = dialect::responses;
    return r;
  }
  if (under(path, "/v1")) {
    r.speaks = path.starts_with("/v1/messages") ? dialect::anthropic : dialect::openai;
    if (reads && under(path, "/v1/models"))
      r.kind = request_kind::list;
    return r;
  }
  if (under(path, "/api")) {
    r.uploads = method == "POST" && path.starts_with("/api/blobs/");
    r.names_model = method == "POST" && !r.uploads;
    r.repeatable = reads || path == "/api/show";
    r.edits_models = std::find(edits.begin(), edits.end(), path) != edits.end() ||
                     path.starts_with("/api/blobs/");
    if (reads && (path == "/api/tags" || path == "/api/ps"))
      r.kind = request_kind::list;
    return r;
  }
  r.kind = request_kind::local;
  r.known = false;
  return r;
}

} // namespace conductor
