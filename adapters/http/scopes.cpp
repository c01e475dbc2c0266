#include "adapters/http/scopes.hpp"

#include <algorithm>
#include <array>

namespace conductor {
namespace {

constexpr std::string_view native = "/conductor/v1/";

bool under(std::string_view path, std::string_view root) {
  return path.starts_with(root) &&
         (path.size() == root.size() || path[root.size()] == '/');
}

template <class Paths>
bool among(std::string_view path, const Paths& paths) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

bool reads(std::string_view method) {
  return method == "GET" || method == "HEAD";
}

/// Who runs the node answers for the account at ollama.com.
constexpr std::array<std::string_view, 4> account{"/api/me", "/api/signin",
                                                  "/api/signout", "/api/user/keys"};
constexpr std::array<std::string_view, 5> changes{"/api/pull", "/api/push", "/api/create",
                                                  "/api/copy", "/api/delete"};

needed_scope native_scope(std::string_view method, std::string_view path) {
  if (!path.starts_with(
          native)) // a page for people holds nothing: its script has the key
    return {reads(method), scope::admin};
  const auto rest = path.substr(native.size());
  if (under(rest, "sessions") || rest == "ws")
    return {false, scope::sessions};
  if (under(rest, "models"))
    return {false, scope::models};
  if (under(rest, "generations") || under(rest, "requests") || rest == "openapi.json" ||
      rest == "events.schema.json")
    return {};
  return {false, scope::admin};
}

} // namespace

needed_scope scope_of(std::string_view method, std::string_view path, const route& to) {
  if (under(path, "/console")) // a page for people holds nothing: its script has the key
    return {reads(method), scope::admin};
  if (to.speaks == dialect::native)
    return native_scope(method, path);
  if (path == "/healthz" || path == "/readyz" || path == "/")
    return {reads(method), std::nullopt};
  if (path == "/metrics")
    return {false, scope::admin};
  if (!to.known)
    return {};
  if (to.kind == request_kind::follow)
    return {false, scope::sessions};
  if (to.kind == request_kind::inference || to.kind == request_kind::list)
    return {false, scope::inference};
  if (among(path, changes) || path.starts_with("/api/blobs/"))
    return {false, scope::models};
  if (among(path, account))
    return {false, scope::admin};
  // Tomorrow's routes: what only reads is for everybody who may ask.
  if (reads(method) || path == "/api/show" || path.starts_with("/v1/"))
    return {false, scope::inference};
  return {false, scope::admin};
}

bool makes_answer(std::string_view method, std::string_view path, const route& to) {
  return to.kind == request_kind::inference ||
         (to.kind == request_kind::follow && to.speaks == dialect::native &&
          method == "POST" && path.starts_with(native));
}

bool hides_model(std::string_view method, std::string_view path, const route& to) {
  if (path == "/api/copy" || path == "/api/create")
    return true;
  const bool passed_on =
      to.kind == request_kind::inference || to.kind == request_kind::relay;
  return passed_on && !reads(method) && !to.names_model && !to.uploads;
}

bool is_audited(std::string_view method, std::string_view path) {
  if (path == "/conductor/v1/backup" ||
      (under(path, "/conductor/v1/sessions") && path.ends_with("/export")))
    return true;
  if (reads(method) || method == "OPTIONS")
    return false;
  if (under(path, "/conductor/v1/sessions") || path.starts_with("/v1/responses/"))
    return method == "DELETE";
  return under(path, "/conductor") || among(path, changes) || among(path, account) ||
         path.starts_with("/api/blobs/");
}

} // namespace conductor
