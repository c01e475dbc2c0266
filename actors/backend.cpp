#include "actors/backend.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using self_ptr = backend_actor::stateful_pointer<backend_state_data>;

void publish(self_ptr self) {
  const auto& st = self->state;
  self->send(st.links.dispatcher, st.status);
  self->send(st.links.observer, st.status);
}

/// A server that is down is looked at again after 250 ms, then half a second, … up to the
/// interval of one that is up.
milliseconds pause(const backend_state_data& st) {
  if (st.status.state == backend_state::up)
    return st.links.timing.probe_interval;
  const auto shift = std::min(st.failures, 10u);
  return std::min(milliseconds(250) * (1u << shift), st.links.timing.probe_interval);
}

void plan(self_ptr self) {
  if (std::exchange(self->state.waiting, true))
    return;
  self->delayed_send(self, pause(self->state), tick{});
}

void set_down(self_ptr self, std::string why) {
  auto& st = self->state;
  const bool news = st.status.state != backend_state::down || st.status.error != why;
  st.status.state = backend_state::down;
  st.status.error = std::move(why);
  if (news)
    publish(self);
}

void look(self_ptr self) {
  auto& st = self->state;
  if (std::exchange(st.probing, true))
    return;
  self->request(st.links.prober, caf::infinite, probe{st.status.name})
      .then(
          [self](const probe_result& result) {
            auto& st = self->state;
            st.probing = false;
            st.failures = 0;
            const bool news = st.status.state != backend_state::up ||
                              st.status.version != result.version;
            const bool other_models = st.status.loaded != result.loaded;
            st.status.state = backend_state::up;
            st.status.error.clear();
            st.status.version = result.version;
            st.status.latency = result.latency;
            st.status.loaded = result.loaded;
            if (news)
              publish(self);
            else if (other_models)
              self->send(st.links.dispatcher, st.status);
            plan(self);
          },
          [self](const caf::error& e) {
            auto& st = self->state;
            st.probing = false;
            ++st.failures;
            set_down(self, to_failure(e).detail);
            plan(self);
          });
}

} // namespace

backend_actor::behavior_type backend(self_ptr self, backend_settings server,
                                     backend_links links) {
  auto& st = self->state;
  st.links = std::move(links);
  st.status.name = server.name;
  st.status.url = to_url(server.url);
  st.status.parallel = server.parallel;
  self->monitor(st.links.dispatcher);
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  look(self);
  return {
      [self](const attempt_failed& failure) {
        set_down(self, failure.detail);
        look(self);
      },
      [self](tick) {
        self->state.waiting = false;
        look(self);
      },
  };
}

} // namespace conductor
