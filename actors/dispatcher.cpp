#include "actors/dispatcher.hpp"

#include "actors/routing.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using self_ptr = dispatcher_actor::stateful_pointer<dispatcher_state>;
using waiting = dispatcher_state::waiting;

constexpr auto tick_every = std::chrono::seconds(1);
constexpr auto restart_after = std::chrono::seconds(1);

void start_backend(self_ptr self, std::size_t i) {
  auto& st = self->state;
  st.backends[i] = st.start(st.servers[i], caf::actor_cast<dispatcher_actor>(self));
  self->monitor(st.backends[i]);
}

backend_load* find(dispatcher_state& st, const std::string& name) {
  const auto i = std::find_if(st.fleet.begin(), st.fleet.end(),
                              [&](const auto& b) { return b.status.name == name; });
  return i == st.fleet.end() ? nullptr : &*i;
}

has_place free_place(const dispatcher_state& st, const acquire& wish) {
  return [&st, &wish](const backend_load& b) {
    if (!wish.takes_place || !b.status.parallel)
      return true;
    const auto i = st.taken.find({b.status.name, wish.model});
    return i == st.taken.end() || i->second < *b.status.parallel;
  };
}

/// A place is taken here and given back by the destruction of the last pointer.
lease_ptr grant(self_ptr self, const std::string& backend, const acquire& wish) {
  auto& st = self->state;
  const auto id = st.next_lease++;
  st.leases[id] = {backend, wish.model, wish.takes_place};
  auto* load = find(st, backend);
  if (wish.takes_place) {
    ++load->in_flight;
    ++st.taken[{backend, wish.model}];
  } else {
    ++load->relayed;
  }
  auto home = caf::actor_cast<dispatcher_actor>(self);
  return {new lease{id, backend, wish.model}, [home](const lease* l) {
            caf::anon_send(home, lease_ended{l->id});
            delete l;
          }};
}

/// True when `wish` was answered, by a lease or by an error.
template <class Promise>
bool try_grant(self_ptr self, const acquire& wish, Promise& reply) {
  auto& st = self->state;
  const auto choice = choose_backend(st.fleet, wish, free_place(st, wish),
                                     st.sessions.last(wish.session));
  if (const auto* b = std::get_if<const backend_load*>(&choice)) {
    st.sessions.went(wish.session, (*b)->status.name);
    reply.deliver(grant(self, (*b)->status.name, wish));
    return true;
  }
  if (const auto* f = std::get_if<failure>(&choice)) {
    reply.deliver(make_error(f->code, f->detail));
    return true;
  }
  return false;
}

void recall_leases(self_ptr self) {
  auto& st = self->state;
  st.told_waiting = !st.queue.empty();
  for (const auto& k : st.keepers)
    self->send(k, recall{st.told_waiting});
}

void tell_if_waiting(self_ptr self) {
  if (self->state.told_waiting == self->state.queue.empty())
    recall_leases(self);
}

void serve_queue(self_ptr self) {
  std::erase_if(self->state.queue, [&](waiting& w) {
    if (!try_grant(self, w.wish, w.reply))
      return false;
    self->demonitor(w.who);
    return true;
  });
  tell_if_waiting(self);
}

void end_lease(self_ptr self, std::uint64_t id) {
  auto& st = self->state;
  const auto i = st.leases.find(id);
  if (i == st.leases.end())
    return;
  const auto& g = i->second;
  auto* load = find(st, g.backend);
  if (g.takes_place) {
    --load->in_flight;
    const auto place = st.taken.find({g.backend, g.model});
    if (--place->second == 0)
      st.taken.erase(place);
  } else {
    --load->relayed;
  }
  st.leases.erase(i);
  serve_queue(self);
}

void keep_time(self_ptr self) {
  if (self->state.ticking || self->state.queue.empty())
    return;
  self->state.ticking = true;
  self->delayed_send(self, tick_every, tick{});
}

void expire(self_ptr self) {
  auto& st = self->state;
  const auto now = self->clock().now();
  std::erase_if(st.queue, [&](waiting& w) {
    if (now - w.since < st.limits.max_wait)
      return false;
    self->demonitor(w.who);
    w.reply.deliver(
        make_error(errc::queue_timeout, "waited longer than queue.max_wait for a place"));
    return true;
  });
  tell_if_waiting(self);
}

void enqueue(self_ptr self, acquire wish, caf::actor_addr who,
             caf::typed_response_promise<lease_ptr> reply) {
  auto& st = self->state;
  if (st.queue.size() >= st.limits.limit) {
    reply.deliver(
        make_error(errc::queue_full, std::to_string(st.queue.size()) +
                                         " requests wait already; queue.limit is " +
                                         std::to_string(st.limits.limit)));
    return;
  }
  self->monitor(who);
  st.queue.push_back(
      {std::move(wish), std::move(reply), std::move(who), self->clock().now()});
  keep_time(self);
  tell_if_waiting(self);
}

} // namespace

dispatcher_actor::behavior_type dispatcher(self_ptr self,
                                           std::vector<backend_settings> fleet,
                                           queue_settings limits, backend_factory start) {
  auto& st = self->state;
  st.limits = limits;
  st.servers = std::move(fleet);
  st.start = std::move(start);
  st.backends.resize(st.servers.size());
  for (std::size_t i = 0; i < st.servers.size(); ++i) {
    const auto& server = st.servers[i];
    backend_load load;
    load.status.name = server.name;
    load.status.url = to_url(server.url);
    load.status.parallel = server.parallel;
    st.fleet.push_back(std::move(load));
    start_backend(self, i);
  }
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& st = self->state;
    std::erase_if(st.queue, [&](waiting& w) {
      if (w.who != down.source)
        return false;
      w.reply.deliver(make_error(errc::internal, "who waited has ended"));
      return true;
    });
    std::erase_if(st.keepers,
                  [&](const keeper_actor& k) { return k.address() == down.source; });
    tell_if_waiting(self);
    for (std::size_t i = 0; i < st.backends.size(); ++i)
      if (st.backends[i].address() == down.source)
        self->delayed_send(self, restart_after, restart{i});
  });
  return {
      [self](acquire& wish) -> caf::result<lease_ptr> {
        // The promise takes the sender with it.
        auto who = wish.waiter ? wish.waiter
                               : caf::actor_cast<caf::actor_addr>(self->current_sender());
        auto reply = self->make_response_promise<lease_ptr>();
        if (!try_grant(self, wish, reply))
          enqueue(self, std::move(wish), std::move(who), reply);
        return reply;
      },
      [self](lease_ended ended) { end_lease(self, ended.id); },
      [self](backend_status& status) {
        if (auto* load = find(self->state, status.name)) {
          load->status = std::move(status);
          recall_leases(self);
          serve_queue(self);
        }
      },
      [self](const attempt_failed& failure) {
        auto& st = self->state;
        if (auto* load = find(st, failure.backend)) {
          // Known here at once, so that the next request does not try it again.
          load->status.state = backend_state::down;
          load->status.error = failure.detail;
          recall_leases(self);
          self->send(st.backends[static_cast<std::size_t>(load - st.fleet.data())],
                     failure);
        }
      },
      [self](fleet_query) {
        const auto& st = self->state;
        return fleet_status{st.fleet, st.queue.size(), st.limits.limit};
      },
      [self](tick) {
        self->state.ticking = false;
        expire(self);
        keep_time(self);
      },
      [self](join& j) {
        self->monitor(j.keeper);
        self->send(j.keeper, recall{!self->state.queue.empty()});
        self->state.keepers.push_back(std::move(j.keeper));
      },
      [self](restart r) { start_backend(self, r.child); },
  };
}

} // namespace conductor
