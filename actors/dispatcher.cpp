#include "actors/dispatcher.hpp"

#include "actors/routing.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace conductor {
namespace {

using self_ptr = dispatcher_actor::stateful_pointer<dispatcher_state>;

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

/// What an answer of that model takes on average, in seconds.
double mean_cost(const dispatcher_state& st, const std::string& model) {
  const auto i = st.costs.find(model);
  return i == st.costs.end() ? dispatcher_state::cost{}.mean : i->second.mean;
}

/// A place is taken here and given back by the destruction of the last pointer.
lease_ptr grant(self_ptr self, const std::string& backend, const acquire& wish) {
  auto& st = self->state;
  const auto id = st.next_lease++;
  auto& granted = st.leases[id] = {backend, wish.model, wish.takes_place, 0};
  auto* load = find(st, backend);
  if (wish.takes_place) {
    ++load->in_flight;
    ++st.taken[{backend, wish.model}];
    if (wish.about) {
      granted.charged = mean_cost(st, wish.model);
      st.queue.charge(wish.about->flow, wish.about->priority, granted.charged);
    }
  } else {
    ++load->relayed;
  }
  auto home = caf::actor_cast<dispatcher_actor>(self);
  return {new lease{id, backend, wish.model}, [home](const lease* l) {
            caf::anon_send(home, lease_ended{l->id});
            delete l;
          }};
}

using choice = std::variant<const backend_load*, wait_for_place, failure>;

choice choose(const dispatcher_state& st, const acquire& wish) {
  return choose_backend(st.fleet, wish, free_place(st, wish),
                        st.sessions.last(wish.session));
}

/// `what` is no wait.
template <class Promise>
void answer(self_ptr self, const acquire& wish, const choice& what, Promise& reply) {
  if (const auto* b = std::get_if<const backend_load*>(&what)) {
    const auto name = (*b)->status.name;
    self->state.sessions.went(wish.session, name);
    reply.deliver(grant(self, name, wish));
  } else {
    const auto& f = std::get<failure>(what);
    reply.deliver(make_error(f.code, f.detail));
  }
}

bool must_wait(const choice& c) {
  return std::holds_alternative<wait_for_place>(c);
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

std::string target_of(const acquire& wish) {
  auto text = wish.model + '\n' + wish.pinned;
  for (const auto& t : wish.tried)
    text += '\n' + t;
  return text;
}

void serve_queue(self_ptr self) {
  auto& st = self->state;
  std::set<std::string_view> full; // places only get fewer here
  choice what;
  const auto fits = [&](std::uint64_t ticket) {
    const auto& w = st.waits.at(ticket);
    if (full.contains(w.target))
      return false;
    what = choose(st, w.wish);
    if (must_wait(what))
      full.insert(w.target);
    return !must_wait(what);
  };
  while (const auto next = st.queue.take(self->clock().now(), fits)) {
    auto w = std::move(st.waits.extract(*next).mapped());
    self->demonitor(w.who);
    answer(self, w.wish, what, w.reply);
  }
  tell_if_waiting(self);
}

/// How long answers that take `cost` one after the other take side by side, about.
std::chrono::nanoseconds side_by_side(const dispatcher_state& st,
                                      std::chrono::nanoseconds cost) {
  unsigned places = 0;
  for (const auto& [at, n] : st.taken)
    places += n;
  return cost / std::max(places, 1u);
}

caf::error busy(const dispatcher_state& st, errc code, std::string why) {
  const auto wait =
      std::chrono::ceil<std::chrono::seconds>(side_by_side(st, st.queue.cost()));
  return make_error(code, std::move(why), static_cast<unsigned>(wait.count()));
}

/// An answer took more or less than its flow was charged with.
void settle(self_ptr self, const spent& s) {
  constexpr double newest = 0.2; // weight in the mean
  auto& st = self->state;
  const auto took = std::chrono::duration<double>(s.cost).count();
  const auto i = st.leases.find(s.lease);
  const auto charged = i == st.leases.end() ? 0.0 : std::exchange(i->second.charged, 0.0);
  st.queue.charge(s.flow, s.priority, took - charged);
  if (!s.whole)
    return;
  auto& c = st.costs[s.model];
  c.mean = c.known ? c.mean + (took - c.mean) * newest : took;
  c.known = true;
}

queue_list who_waits(const dispatcher_state& st, caf::actor_clock::time_point now) {
  queue_list all;
  std::chrono::nanoseconds before{};
  for (const auto& t : st.queue.in_order()) {
    before += t.cost;
    all.push_back(
        {st.waits.at(t.id).wish.about, now - t.since, side_by_side(st, before)});
  }
  return all;
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
  const auto late = self->clock().now() - st.limits.max_wait;
  for (const auto ticket : st.queue.older_than(late)) {
    st.queue.erase(ticket);
    auto w = std::move(st.waits.extract(ticket).mapped());
    self->demonitor(w.who);
    w.reply.deliver(
        busy(st, errc::queue_timeout, "waited longer than queue.max_wait for a place"));
  }
  tell_if_waiting(self);
}

void enqueue(self_ptr self, acquire wish, caf::actor_addr who,
             caf::typed_response_promise<lease_ptr> reply) {
  auto& st = self->state;
  const auto bytes = wish.about ? wish.about->body.size() : 0;
  if (st.waits.size() >= st.limits.limit) {
    reply.deliver(busy(st, errc::queue_full,
                       std::to_string(st.waits.size()) +
                           " requests wait already; queue.limit is " +
                           std::to_string(st.limits.limit)));
    return;
  }
  if (st.queue.bytes() + bytes > st.limits.max_bytes) {
    reply.deliver(busy(st, errc::queue_full,
                       "requests that wait hold " + std::to_string(st.queue.bytes()) +
                           " bytes; queue.max_bytes is " +
                           std::to_string(st.limits.max_bytes)));
    return;
  }
  self->monitor(who);
  fair_queue::ticket t;
  t.id = st.next_ticket++;
  t.since = self->clock().now();
  t.bytes = bytes;
  t.cost = std::chrono::nanoseconds(
      static_cast<std::int64_t>(mean_cost(st, wish.model) * 1e9));
  if (wish.about) {
    t.flow = wish.about->flow;
    t.priority = wish.about->priority;
  }
  auto target = target_of(wish);
  st.waits[t.id] = {std::move(wish), std::move(reply), std::move(who), std::move(target)};
  st.queue.push(std::move(t));
  keep_time(self);
  tell_if_waiting(self);
}

} // namespace

dispatcher_actor::behavior_type dispatcher(self_ptr self,
                                           std::vector<backend_settings> fleet,
                                           queue_settings limits, backend_factory start) {
  auto& st = self->state;
  st.limits = limits;
  st.queue = fair_queue{limits.ageing};
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
    const auto left =
        std::find_if(st.waits.begin(), st.waits.end(),
                     [&](const auto& entry) { return entry.second.who == down.source; });
    if (left != st.waits.end()) {
      st.queue.erase(left->first);
      left->second.reply.deliver(make_error(errc::internal, "who waited has ended"));
      st.waits.erase(left);
    }
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
        if (const auto what = choose(self->state, wish); must_wait(what))
          enqueue(self, std::move(wish), std::move(who), reply);
        else
          answer(self, wish, what, reply);
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
        return fleet_status{st.fleet, st.queue.size(), st.limits.limit, st.moved_on};
      },
      [self](queue_query) { return who_waits(self->state, self->clock().now()); },
      [self](const spent& s) { settle(self, s); },
      [self](const moved_on&) { ++self->state.moved_on; },
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
