#include "actors/backend.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using self_ptr = backend_actor::stateful_pointer<backend_state_data>;

void look(self_ptr self);

void publish(self_ptr self) {
  const auto& st = self->state;
  self->send(*st.dispatcher, st.status);
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

/// Whoever asked for this look is answered; whoever asked during it gets the next one.
void finish_look(self_ptr self) {
  auto& st = self->state;
  st.probing = false;
  for (auto& reply : std::exchange(st.asking, {}))
    reply.deliver(st.status);
  if (!std::exchange(st.again, false)) {
    plan(self);
    return;
  }
  st.asking = std::exchange(st.asking_next, {});
  look(self);
}

void take_news(self_ptr self, const probe_result& result) {
  auto& st = self->state;
  st.failures = 0;
  if (!st.mute.empty()) {
    set_down(self, st.mute);
    return;
  }
  const bool news =
      st.status.state != backend_state::up || st.status.version != result.version;
  const bool other_models =
      st.status.loaded != result.loaded || st.status.known != result.known;
  st.status.state = backend_state::up;
  st.status.error.clear();
  st.status.version = result.version;
  st.status.latency = result.latency;
  st.status.loaded = result.loaded;
  st.status.known = result.known;
  if (news)
    publish(self);
  else if (other_models)
    self->send(*st.dispatcher, st.status);
}

/// A hung server may answer every probe but give no token: where that is wanted, one is
/// asked for.
void listen(self_ptr self) {
  auto& st = self->state;
  const auto now = self->clock().now();
  const auto every = st.mute.empty() ? st.links.timing.answer_probe_interval : pause(st);
  if (st.server->probe_model.empty() || st.listening || now - st.heard < every)
    return;
  st.listening = true;
  st.heard = now;
  self->request(st.links.prober, caf::infinite,
                probe_answer{st.server, st.server->probe_model})
      .then(
          [self](const load_result&) {
            auto& st = self->state;
            st.listening = false;
            if (!std::exchange(st.mute, {}).empty())
              look(self);
          },
          [self](const caf::error& e) {
            auto& st = self->state;
            st.listening = false;
            st.mute = "no real answer of " + st.server->probe_model + ": " +
                      to_failure(e).detail;
            set_down(self, st.mute);
          });
}

void look(self_ptr self) {
  auto& st = self->state;
  if (std::exchange(st.probing, true))
    return;
  self->request(st.links.prober, caf::infinite, probe{st.server, st.status.known})
      .then(
          [self](const probe_result& result) {
            take_news(self, result);
            finish_look(self);
            listen(self);
          },
          [self](const caf::error& e) {
            ++self->state.failures;
            set_down(self, to_failure(e).detail);
            finish_look(self);
          });
}

void load_next(self_ptr self) {
  auto& st = self->state;
  if (st.loads.empty())
    return;
  const auto end = [self] {
    auto& st = self->state;
    auto reply = std::move(st.loads.front().reply);
    st.loads.pop_front();
    st.again = st.probing;
    look(self); // what is in memory now
    load_next(self);
    return reply;
  };
  self->request(st.links.loader, caf::infinite, st.loads.front().what)
      .then([end](const load_result& r) { end().deliver(r); },
            [end](const caf::error& e) { end().deliver(e); });
}

} // namespace

backend_actor::behavior_type backend(self_ptr self, backend_ptr server,
                                     backend_links links) {
  auto& st = self->state;
  st.links = std::move(links);
  st.server = std::move(server);
  st.status.name = st.server->name;
  st.status.url = to_url(st.server->url);
  st.status.parallel = st.server->parallel;
  st.dispatcher = {self, std::move(st.links.dispatcher)};
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  look(self);
  return {
      [self](const attempt_failed& failure) {
        if (failure.code == errc::backend_unreachable ||
            failure.code == errc::connect_timeout)
          set_down(self, failure.detail);
        look(self);
      },
      [self](refresh) -> caf::result<backend_status> {
        auto& st = self->state;
        auto reply = self->make_response_promise<backend_status>();
        (st.probing ? st.asking_next : st.asking).push_back(reply);
        st.again = st.again || st.probing;
        look(self);
        return reply;
      },
      [self](load_model& what) -> caf::result<load_result> {
        auto& st = self->state;
        auto reply = self->make_response_promise<load_result>();
        what.server = st.server;
        st.loads.push_back({std::move(what), reply});
        if (st.loads.size() == 1)
          load_next(self);
        return reply;
      },
      [self](probe_render& what) {
        what.server = self->state.server;
        return self->delegate(self->state.links.prober, std::move(what));
      },
      [self](tick) {
        self->state.waiting = false;
        look(self);
      },
  };
}

} // namespace conductor
