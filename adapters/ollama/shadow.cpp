#include "adapters/ollama/shadow.hpp"

#include "messages/model_name.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace conductor {
namespace {

using self_ptr = shadow_actor::stateful_pointer<shadow_state>;
using pair_ptr = std::shared_ptr<shadow_state::pair>;

double seconds(std::chrono::nanoseconds d) {
  return std::chrono::duration<double>(d).count();
}

request_ptr question(const std::string& model, const std::string& pinned) {
  const nlohmann::json body{{"model", model},
                            {"prompt", "1"},
                            {"options", {{"num_predict", 4}, {"temperature", 0}}}};
  auto asked = std::make_shared<request>(*errand_request(
      "POST", "/api/generate",
      body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  if (!pinned.empty()) {
    asked->headers.push_back({"X-Conductor-Backend", pinned});
    asked->headers.push_back({"X-Conductor-Class", "batch"});
  }
  return asked;
}

bool was_whole(const errand_answer& a) {
  return a.status == 200 && a.body.find("\"done\":true") != std::string::npos;
}

void finish(self_ptr self, const shadow_state::pair& p) {
  auto& st = self->state;
  st.asking = false;
  if (!was_whole(p.direct) || !was_whole(p.through)) {
    st.links.found({shadow_outcome::result::failed});
    return;
  }
  st.links.found({shadow_outcome::result::compared,
                  seconds(p.through.first) - seconds(p.direct.first),
                  seconds(p.through.total) - seconds(p.direct.total)});
}

void ask_through(self_ptr self, const pair_ptr& p, std::function<void()> then) {
  auto& st = self->state;
  st.asked.ask(self, st.links.upstreams, st.links.node,
               question(st.links.model, p->backend),
               [p, then = std::move(then)](errand_answer a) {
                 p->through = std::move(a);
                 then();
               });
}

void ask_directly(self_ptr self, const pair_ptr& p, std::function<void()> then) {
  auto& st = self->state;
  acquire wish;
  wish.model = canonical_model(st.links.model);
  wish.pinned = p->backend;
  wish.takes_place = true;
  self->request(st.links.dispatcher(), caf::infinite, std::move(wish))
      .then(
          [=](const lease_ptr& place) {
            auto& st = self->state;
            p->place = place;
            st.asked.ask(self, st.links.upstreams, place->server,
                         question(st.links.model, {}), [=](errand_answer a) {
                           p->direct = std::move(a);
                           p->place = nullptr;
                           then();
                         });
          },
          [=](const caf::error&) { then(); });
}

/// A backend that is idle and has the model in memory, each in its turn; null: none.
const backend_load* idle_one(const fleet_status& fleet, const std::string& model,
                             std::uint64_t turn) {
  std::vector<const backend_load*> all;
  for (const auto& b : fleet.backends)
    if (b.status.state == backend_state::up && b.in_flight == 0 && b.zombies == 0 &&
        b.loading.empty() && !b.draining &&
        std::any_of(b.runners.begin(), b.runners.end(),
                    [&](const auto& r) { return r.loaded && r.model == model; }))
      all.push_back(&b);
  return all.empty() ? nullptr : all[turn % all.size()];
}

void compare(self_ptr self, const fleet_status& fleet) {
  auto& st = self->state;
  const auto* idle = fleet.waiting > 0
                         ? nullptr
                         : idle_one(fleet, canonical_model(st.links.model), st.pairs);
  if (idle == nullptr) {
    st.asking = false;
    st.links.found({});
    return;
  }
  auto p = std::make_shared<shadow_state::pair>();
  p->backend = idle->status.name;
  const auto end = [=] { finish(self, *p); };
  if (st.pairs++ % 2 == 0)
    ask_directly(self, p, [=] { ask_through(self, p, end); });
  else
    ask_through(self, p, [=] { ask_directly(self, p, end); });
}

} // namespace

shadow_actor::behavior_type shadow(self_ptr self, shadow_links links) {
  self->state.links = std::move(links);
  self->delayed_send(self, self->state.links.every, tick{});
  return {
      [self](const started& s) { self->state.asked.started(self->current_sender(), s); },
      [self](const next& n) { self->state.asked.next(self, self->current_sender(), n); },
      [self](const complete&) { self->state.asked.complete(self->current_sender()); },
      [self](const failed& f) { self->state.asked.failed(self->current_sender(), f); },
      [self](tick) {
        auto& st = self->state;
        self->delayed_send(self, st.links.every, tick{});
        if (std::exchange(st.asking, true))
          return;
        self->request(st.links.dispatcher(), caf::infinite, fleet_query{})
            .then([self](const fleet_status& fleet) { compare(self, fleet); },
                  [self](const caf::error&) {
                    self->state.asking = false;
                    self->state.links.found({shadow_outcome::result::failed});
                  });
      },
  };
}

} // namespace conductor
