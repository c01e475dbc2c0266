#include "adapters/native/resources.hpp"

#include "adapters/native/answers.hpp"
#include "adapters/native/documents.hpp"
#include "adapters/native/fleet_json.hpp"
#include "adapters/native/fleet_routes.hpp"
#include "adapters/native/generation_routes.hpp"
#include "adapters/native/gpu_routes.hpp"
#include "adapters/native/json_input.hpp"
#include "adapters/native/key_routes.hpp"
#include "adapters/native/redirect.hpp"
#include "adapters/native/request_routes.hpp"
#include "adapters/native/session_routes.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using json = nlohmann::ordered_json;
using self_ptr = resources_actor::stateful_pointer<resources_state>;

constexpr const char* plain = "text/plain; charset=utf-8";

response text(int status, std::string body) {
  return {status, plain, std::move(body), {}};
}

/// As Ollama's router says it.
response page_error(int status, std::string body) {
  return {status, "text/plain", std::move(body), {}};
}

/// How the store is, for those who watch the node.
json as_status(const store_status& s) {
  json j{{"state", s.failure.empty() ? "up" : "failed"}};
  if (!s.failure.empty())
    j["error"] = s.failure;
  j["waiting"] = s.waiting;
  return j;
}

response status(const node_facts& node, const fleet_status& fleet,
                const sessions_status& sessions) {
  json backends = json::array();
  std::size_t in_flight = 0;
  for (const auto& b : fleet.backends) {
    backends.push_back(to_json(b));
    in_flight += b.in_flight;
  }
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(
      request_clock::now() - node.started);
  return json_answer(
      200, json_input::dump(
               {{"version", node.version},
                {"uptime_s", uptime.count()},
                {"listen", node.listen},
                {"backends", std::move(backends)},
                {"connections", node.connections()},
                {"generations_in_flight", in_flight},
                {"queue", {{"waiting", fleet.waiting}, {"limit", fleet.queue_limit}}},
                {"sessions_live", sessions.live},
                {"store", as_status(sessions.store)}}));
}

/// A backend answers, and the store writes. Without its store the node still serves all
/// but conversations: who wants that asks with `exclude=store`.
response ready(const std::string& target, const fleet_status& fleet,
               const sessions_status& sessions) {
  std::string why = "no backend answers\n";
  for (const auto& b : fleet.backends) {
    if (b.status.state == backend_state::up) {
      why.clear();
      break;
    }
    why += b.status.name + ": " +
           (b.status.error.empty() ? "not heard of yet" : b.status.error) + "\n";
  }
  const auto& broken = sessions.store.failure;
  const bool needs_store = !target.ends_with("?exclude=store");
  const bool yes = why.empty() && (broken.empty() || !needs_store);
  if (!broken.empty())
    why += "store: " + broken + "\n";
  return text(yes ? 200 : 503, (yes ? "ready\n" : "") + why);
}

/// An answer made of what DISPATCHER and SESSIONS know.
using from_state = std::function<response(const node_facts&, const fleet_status&,
                                          const sessions_status&)>;

/// Null for any other path.
from_state state_answer(const std::string& path, const std::string& target) {
  if (path == "/readyz")
    return [target](const node_facts&, const fleet_status& f, const sessions_status& s) {
      return ready(target, f, s);
    };
  if (path == "/conductor/v1/status")
    return status;
  return nullptr;
}

/// Null for any other path.
std::function<response()> fixed_answer(const std::string& path) {
  if (path == "/")
    return [] { return text(200, "Ollama is running"); };
  if (path == "/conductor/v1/openapi.json")
    return [] { return json_answer(200, std::string{openapi_document}); };
  if (path == "/conductor/v1/events.schema.json")
    return [] { return json_answer(200, std::string{events_schema}); };
  return nullptr;
}

response queue(const queue_list& waiting) {
  json all = json::array();
  for (const auto& w : waiting) {
    json j{{"position", all.size() + 1}};
    if (w.about)
      j.update({{"id", w.about->id},
                {"class", to_string(w.about->priority)},
                {"flow", w.about->flow},
                {"model", w.about->model}});
    const auto ms = [](std::chrono::nanoseconds t) { return t.count() / 1'000'000; };
    j["waited_ms"] = ms(w.waited);
    j["eta_ms"] = ms(w.wait);
    if (!w.loading_on.empty())
      j["loading_on"] = w.loading_on;
    all.push_back(std::move(j));
  }
  return json_answer(200, json_input::dump({{"waiting", std::move(all)}}));
}

caf::result<response> answer_queue(self_ptr self) {
  auto promise = self->make_response_promise<response>();
  self->request(self->state.links.dispatcher(), caf::infinite, queue_query{})
      .then([promise](const queue_list& all) mutable { promise.deliver(queue(all)); },
            [promise](const caf::error& e) mutable { promise.deliver(e); });
  return promise;
}

caf::result<response> answer_state(self_ptr self, from_state make) {
  auto promise = self->make_response_promise<response>();
  const auto fail = [promise](const caf::error& e) mutable { promise.deliver(e); };
  const auto& links = self->state.links;
  self->request(links.dispatcher(), caf::infinite, fleet_query{})
      .then(
          [=](const fleet_status& fleet) {
            self->request(self->state.links.sessions(), caf::infinite, sessions_query{})
                .then(
                    [=](const sessions_status& sessions) mutable {
                      promise.deliver(make(self->state.links.node, fleet, sessions));
                    },
                    fail);
          },
          fail);
  return promise;
}

caf::result<response> answer(self_ptr self, const request_ptr& asked) {
  const auto path = asked->target.substr(0, asked->target.find('?'));
  if (path.starts_with("/conductor/v1/sessions"))
    return answer_sessions(self, asked);
  if (path.starts_with("/conductor/v1/generations"))
    return answer_generations(self, asked);
  if (path.starts_with("/conductor/v1/requests"))
    return answer_requests(self, asked);
  if (path == "/conductor/v1/keys" || path.starts_with("/conductor/v1/keys/"))
    return answer_keys(self, asked);
  if (asked->kind == request_kind::list)
    return answer_catalogue(self, asked);
  if (auto of_fleet = answer_fleet(self, asked))
    return std::move(*of_fleet);
  if (path == "/conductor/v1/gpus")
    return answer_gpus(self, asked);
  if (self->state.links.console && path.starts_with("/console"))
    return self->state.links.console(*asked);
  if (path == "/conductor/v1/backup") // GET is answered elsewhere
    return not_allowed(*asked, "GET");
  const bool native = path.starts_with("/conductor");
  const auto fixed = fixed_answer(path);
  const auto state = state_answer(path, asked->target);
  const bool of_queue = path == "/conductor/v1/queue";
  const bool scrape = path == "/metrics";
  if (!fixed && !state && !of_queue && !scrape) {
    if (native)
      return make_error(errc::not_found, "there is nothing at " + path);
    return redirect_to_clean(*asked).value_or(page_error(404, "404 page not found"));
  }
  if (asked->method != "GET" && asked->method != "HEAD") {
    auto r = native ? not_allowed(*asked, "GET, HEAD")
                    : page_error(405, "405 method not allowed");
    if (!native)
      r.headers.push_back({"Allow", "GET, HEAD"});
    return r;
  }
  if (of_queue)
    return answer_queue(self);
  if (scrape)
    return self->delegate(self->state.links.scrape(), asked);
  if (fixed)
    return fixed();
  return answer_state(self, state);
}

} // namespace

resources_actor::behavior_type resources(self_ptr self, resources_links links) {
  self->state.links = std::move(links);
  return {
      [self](const request_ptr& asked) -> caf::result<response> {
        try {
          return answer(self, asked);
        } catch (const std::exception& e) { // of this request alone
          return make_error(errc::internal, e.what());
        }
      },
  };
}

} // namespace conductor
