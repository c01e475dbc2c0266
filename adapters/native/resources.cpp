#include "adapters/native/resources.hpp"

#include "adapters/native/problem.hpp"
#include "adapters/native/session_routes.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using json = nlohmann::ordered_json;
using self_ptr = resources_actor::stateful_pointer<resources_state>;

constexpr const char* plain = "text/plain; charset=utf-8";
constexpr const char* as_json = "application/json; charset=utf-8";

std::string dump(const json& j) {
  return j.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

response text(int status, std::string body) {
  return {status, plain, std::move(body), {}};
}

json as_status(const backend_load& b) {
  json j{{"name", b.status.name},
         {"url", b.status.url},
         {"state", to_string(b.status.state)}};
  if (!b.status.version.empty())
    j["version"] = b.status.version;
  if (b.status.latency.count() > 0)
    j["latency_us"] = b.status.latency.count();
  if (!b.status.error.empty())
    j["error"] = b.status.error;
  j["in_flight"] = b.in_flight;
  j["relayed"] = b.relayed;
  if (b.status.parallel)
    j["parallel"] = *b.status.parallel;
  return j;
}

response status(const node_facts& node, const fleet_status& fleet) {
  json backends = json::array();
  std::size_t in_flight = 0;
  for (const auto& b : fleet.backends) {
    backends.push_back(as_status(b));
    in_flight += b.in_flight;
  }
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(
      request_clock::now() - node.started);
  return {200,
          as_json,
          dump({{"version", node.version},
                {"uptime_s", uptime.count()},
                {"listen", node.listen},
                {"backends", std::move(backends)},
                {"connections", node.connections()},
                {"generations_in_flight", in_flight},
                {"queue", {{"waiting", fleet.waiting}, {"limit", fleet.queue_limit}}}}),
          {}};
}

response ready(const fleet_status& fleet) {
  std::string why;
  for (const auto& b : fleet.backends) {
    if (b.status.state == backend_state::up)
      return text(200, "ready\n");
    why += b.status.name + ": " +
           (b.status.error.empty() ? "not heard of yet" : b.status.error) + "\n";
  }
  return text(503, "no backend answers\n" + why);
}

/// Answers made of what DISPATCHER knows; null for any other path.
std::function<response(const node_facts&, const fleet_status&)>
from_fleet(const std::string& path) {
  if (path == "/readyz")
    return [](const node_facts&, const fleet_status& f) { return ready(f); };
  if (path == "/metrics")
    return [](const node_facts& n, const fleet_status& f) {
      return response{200, "text/plain; version=0.0.4; charset=utf-8", n.metrics(f), {}};
    };
  if (path == "/conductor/v1/status")
    return [](const node_facts& n, const fleet_status& f) { return status(n, f); };
  return nullptr;
}

bool exists(const std::string& path) {
  return path == "/" || path == "/healthz" || from_fleet(path) != nullptr;
}

} // namespace

resources_actor::behavior_type resources(self_ptr self, resources_links links) {
  self->state.links = std::move(links);
  return {
      [self](const request_ptr& asked) -> caf::result<response> {
        const auto path = asked->target.substr(0, asked->target.find('?'));
        const bool native = path.starts_with("/conductor");
        if (path.starts_with("/conductor/v1/sessions"))
          return answer_sessions(self, asked);
        if (!exists(path))
          return native
                     ? problem(asked->id, 404, "not_found", "there is nothing at " + path)
                     : text(404, "404 page not found");
        if (asked->method != "GET" && asked->method != "HEAD") {
          auto r = native ? problem(asked->id, 405, "method_not_allowed",
                                    path + " takes GET and HEAD")
                          : text(405, "405 method not allowed");
          r.headers.push_back({"Allow", "GET, HEAD"});
          return r;
        }
        if (path == "/")
          return text(200, "Ollama is running");
        if (path == "/healthz")
          return text(200, "ok\n");
        auto promise = self->make_response_promise<response>();
        self->request(self->state.links.dispatcher(), caf::infinite, fleet_query{})
            .then(
                [self, promise,
                 make = from_fleet(path)](const fleet_status& fleet) mutable {
                  promise.deliver(make(self->state.links.node, fleet));
                },
                [promise](const caf::error& e) mutable { promise.deliver(e); });
        return promise;
      },
  };
}

} // namespace conductor
