#include "actors/dispatcher.hpp"

#include "actors/dispatcher_parts.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace dispatcher_parts {
namespace {

constexpr auto calm = std::chrono::seconds(1);
constexpr auto restless = std::chrono::milliseconds(100);
constexpr std::size_t most_explained = 1000;

/// A place is taken here and given back by the destruction of the last pointer.
lease_ptr grant(self_ptr self, const std::string& backend, const acquire& wish) {
  auto& st = self->state;
  const auto id = st.next_lease++;
  auto l = st.servers.grant(id, backend, wish, self->clock().now());
  if (wish.takes_place && wish.about) {
    const auto charged = st.servers.mean_cost(wish.model);
    st.servers.charge(id, charged);
    st.queue.charge(wish.about->flow, wish.about->priority, charged);
  }
  if (l.watched)
    keep_time(self);
  auto home = caf::actor_cast<dispatcher_actor>(self);
  return {new lease(std::move(l)), [home](const lease* l) {
            caf::anon_send(home, lease_ended{l->id});
            delete l;
          }};
}

/// What was decided on, and by what.
struct decision {
  choice what;
  std::vector<candidate> by;
};

decision decide(self_ptr self, const acquire& wish) {
  auto& st = self->state;
  decision d;
  d.by = st.servers.assess(wish, st.sessions.last(wish.session), self->clock().now());
  d.what = choose_backend(d.by, wish, [&st](const std::string& name) {
    return st.servers.find(name)->told.status;
  });
  return d;
}

void explain(dispatcher_state& st, const acquire& wish, decision& d, std::string decided,
             std::chrono::nanoseconds waited) {
  if (!wish.about)
    return;
  explanation e{wish.about->id, wish.model, {}, std::move(decided), waited, {}};
  if (const auto* to = std::get_if<go_to>(&d.what))
    e.backend = to->backend;
  e.candidates = std::move(d.by);
  st.explained.push_front(std::move(e));
  if (st.explained.size() > most_explained)
    st.explained.pop_back();
}

bool must_wait(const choice& c) {
  return std::holds_alternative<wait_for_place>(c);
}

/// `d` is no wait.
template <class Promise>
void answer(self_ptr self, const acquire& wish, decision& d, Promise& reply,
            std::chrono::nanoseconds waited = {}) {
  auto& st = self->state;
  if (const auto* to = std::get_if<go_to>(&d.what)) {
    const auto backend = to->backend;
    st.sessions.went(wish.session, backend);
    explain(st, wish, d, "granted", waited);
    reply.deliver(grant(self, backend, wish));
    return;
  }
  const auto f = std::get<failure>(d.what);
  explain(st, wish, d, to_string(f.code), waited);
  reply.deliver(make_error(f.code, f.detail));
}

/// A load that is to be done first is begun, and waited for.
void load_if_needed(self_ptr self, const acquire& wish, choice& what) {
  if (const auto* first = std::get_if<load_first>(&what)) {
    start_load(self, first->backend, wish);
    what = wait_for_place{};
  }
}

void tell_if_waiting(self_ptr self) {
  if (self->state.told_waiting == self->state.queue.empty())
    recall_leases(self);
}

std::string target_of(const acquire& wish) {
  auto text = wish.model + '\n' + wish.options + '\n' + wish.pinned;
  for (const auto& t : wish.tried)
    text += '\n' + t;
  return text;
}

/// How long answers that take `cost` one after the other take side by side, about.
std::chrono::nanoseconds side_by_side(const dispatcher_state& st,
                                      std::chrono::nanoseconds cost) {
  return cost / static_cast<std::int64_t>(std::max<std::size_t>(st.servers.running(), 1));
}

caf::error busy(const dispatcher_state& st, errc code, std::string why) {
  const auto wait =
      std::chrono::ceil<std::chrono::seconds>(side_by_side(st, st.queue.cost()));
  return make_error(code, std::move(why), static_cast<unsigned>(wait.count()));
}

/// Leaves the queue, with what is known of it.
dispatcher_state::waiting leave(self_ptr self, std::uint64_t ticket) {
  auto& st = self->state;
  auto w = std::move(st.waits.extract(ticket).mapped());
  st.servers.waits_no_more(w.wish, w.since);
  if (const auto t = st.targets.find(w.target); --t->second.second == 0)
    st.targets.erase(t);
  return w;
}

/// An answer took more or less than its flow was charged with.
void settle(self_ptr self, const spent& s) {
  auto& st = self->state;
  const auto took = std::chrono::duration<double>(s.cost).count();
  const auto charged = st.servers.settle(s, self->clock().now());
  st.queue.charge(s.flow, s.priority, took - charged);
  if (s.cut)
    keep_time(self);
}

queue_list who_waits(const dispatcher_state& st, caf::actor_clock::time_point now) {
  queue_list all;
  std::chrono::nanoseconds before{};
  for (const auto& t : st.queue.in_order()) {
    before += t.cost;
    const auto& wish = st.waits.at(t.id).wish;
    queue_entry e{wish.about, now - t.since, side_by_side(st, before), {}};
    for (const auto& m : st.servers.all())
      if (m.loading && m.loading->model == wish.model)
        e.loading_on = m.told.status.name;
    all.push_back(std::move(e));
  }
  return all;
}

void expire(self_ptr self) {
  auto& st = self->state;
  const auto late = self->clock().now() - st.limits.max_wait;
  for (const auto ticket : st.queue.older_than(late)) {
    st.queue.erase(ticket);
    auto w = leave(self, ticket);
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
      static_cast<std::int64_t>(st.servers.mean_cost(wish.model) * 1e9));
  if (wish.about) {
    t.flow = wish.about->flow;
    t.priority = wish.about->priority;
  }
  auto target = target_of(wish);
  const auto known = st.targets.try_emplace(target, st.next_target, 0).first;
  if (known->second.second++ == 0)
    ++st.next_target;
  t.target = known->second.first;
  st.servers.waits(wish, t.since);
  st.waits[t.id] = {std::move(wish), std::move(reply), std::move(who), std::move(target),
                    t.since};
  st.queue.push(std::move(t));
  keep_time(self);
  tell_if_waiting(self);
}

/// Too many requests are asked again elsewhere: the first refusal is to be told.
bool may_retry(self_ptr self, const acquire& wish) {
  return wish.tried.empty() || self->state.retries.take(self->clock().now());
}

void left(self_ptr self, const caf::actor_addr& who) {
  auto& st = self->state;
  const auto waited =
      std::find_if(st.waits.begin(), st.waits.end(),
                   [&](const auto& entry) { return entry.second.who == who; });
  if (waited != st.waits.end()) {
    const auto ticket = waited->first;
    st.queue.erase(ticket);
    leave(self, ticket).reply.deliver(make_error(errc::internal, "who waited has ended"));
  }
  std::erase_if(st.keepers, [&](const keeper_actor& k) { return k.address() == who; });
  tell_if_waiting(self);
  for (auto& [name, b] : st.backends)
    if (b.address() == who)
      self->delayed_send(self, std::chrono::seconds(1), restart_backend{name});
}

} // namespace

void serve_queue(self_ptr self) {
  auto& st = self->state;
  std::vector<std::uint32_t> full; // places only get fewer here; few targets wait
  decision d;
  const auto fits = [&](const fair_queue::ticket& t) {
    if (std::find(full.rbegin(), full.rend(), t.target) != full.rend())
      return false;
    const auto& w = st.waits.at(t.id);
    d = decide(self, w.wish);
    load_if_needed(self, w.wish, d.what);
    if (must_wait(d.what))
      full.push_back(t.target);
    return !must_wait(d.what);
  };
  while (const auto next = st.queue.take(self->clock().now(), fits)) {
    auto w = leave(self, *next);
    self->demonitor(w.who);
    answer(self, w.wish, d, w.reply, self->clock().now() - w.since);
  }
  tell_if_waiting(self);
}

void keep_time(self_ptr self) {
  auto& st = self->state;
  if (st.ticking || (st.queue.empty() && !st.servers.restless(self->clock().now())))
    return;
  st.ticking = true;
  self->delayed_send(self, st.servers.restless(self->clock().now()) ? restless : calm,
                     tick{});
}

void recall_leases(self_ptr self) {
  auto& st = self->state;
  st.told_waiting = !st.queue.empty();
  for (const auto& k : st.keepers)
    self->send(k, recall{st.told_waiting});
}

void bill(self_ptr self, const std::vector<fleet::burial>& buried) {
  for (const auto& b : buried)
    self->state.queue.charge(b.flow, b.priority,
                             std::chrono::duration<double>(b.lasted).count());
  if (!buried.empty())
    serve_queue(self);
}

namespace {

/// What is kept on the lanes is as good as it was.
bool same_choices(const backend_status& one, const backend_status& other) {
  const auto same_model = [](const loaded_model& a, const loaded_model& b) {
    return a.name == b.name && a.digest == b.digest && a.context == b.context;
  };
  return one.state == other.state && one.known && other.known &&
         one.known->models == other.known->models &&
         std::equal(one.loaded.begin(), one.loaded.end(), other.loaded.begin(),
                    other.loaded.end(), same_model);
}

void take_wish(self_ptr self, acquire& wish, caf::actor_addr who,
               caf::typed_response_promise<lease_ptr> reply) {
  auto& st = self->state;
  if (!may_retry(self, wish)) {
    reply.deliver(make_error(errc::no_backend,
                             "more requests are asked again elsewhere than "
                             "upstream.retries_per_second allows"));
    return;
  }
  auto d = decide(self, wish);
  if (!must_wait(d.what) && !std::holds_alternative<load_first>(d.what)) {
    answer(self, wish, d, reply);
    return;
  }
  // Into the queue first, so that the load knows that somebody waits for it.
  const auto before = st.waits.size();
  const auto copy = wish;
  enqueue(self, std::move(wish), std::move(who), std::move(reply));
  if (st.waits.size() > before)
    load_if_needed(self, copy, d.what);
}

void look(self_ptr self) {
  auto& st = self->state;
  st.ticking = false;
  expire(self);
  bill(self, st.servers.look(self->clock().now()));
  for (const auto& name : st.servers.haunted())
    if (const auto b = st.backends.find(name); b != st.backends.end())
      self->send(b->second, refresh{});
  serve_queue(self);
  load_pinned(self);
  keep_time(self);
}

} // namespace
} // namespace dispatcher_parts

using namespace dispatcher_parts;

dispatcher_actor::behavior_type dispatcher(self_ptr self, dispatcher_settings how,
                                           backend_factory start) {
  auto& st = self->state;
  st.limits = how.queue;
  st.queue = fair_queue{how.queue.ageing};
  st.servers = fleet{{how.models, how.upstream.loads, how.queue.swap_after,
                      how.queue.zombie_grace, how.upstream.stall_floor}};
  const auto retries = static_cast<double>(how.upstream.retries_per_second);
  st.retries = retry_budget{retries, retries * 10};
  st.start = std::move(start);
  self->set_down_handler([self](const caf::down_msg& down) { left(self, down.source); });
  for (auto& server : how.backends)
    start_backend(self, std::make_shared<const backend_settings>(std::move(server)));
  return {
      [self](acquire& wish) -> caf::result<lease_ptr> {
        // The promise takes the sender with it.
        auto who = wish.waiter ? wish.waiter
                               : caf::actor_cast<caf::actor_addr>(self->current_sender());
        auto reply = self->make_response_promise<lease_ptr>();
        take_wish(self, wish, std::move(who), reply);
        return reply;
      },
      [self](const attempt_failed& failure) {
        auto& st = self->state;
        st.servers.failed(failure, self->clock().now());
        recall_leases(self);
        if (const auto b = st.backends.find(failure.backend); b != st.backends.end())
          self->send(b->second, failure);
        keep_time(self);
      },
      [self](const moved_on&) { ++self->state.moved_on; },
      [self](const spent& s) { settle(self, s); },
      [self](const began& b) {
        bill(self, self->state.servers.began(b.lease, self->clock().now()));
        serve_queue(self); // there may be more room than was known
      },
      [self](const explain_query& q) {
        explanations found;
        for (const auto& e : self->state.explained)
          if (e.request == q.request)
            found.push_back(e);
        return found;
      },
      [self](lease_ended ended) {
        auto& st = self->state;
        const auto edited = st.servers.ended(ended.id, self->clock().now());
        if (const auto b = st.backends.find(edited); b != st.backends.end())
          self->send(b->second, refresh{});
        serve_queue(self);
      },
      [self](join& j) {
        self->monitor(j.keeper);
        self->send(j.keeper, recall{!self->state.queue.empty()});
        self->state.keepers.push_back(std::move(j.keeper));
      },
      [self](backend_status& status) {
        auto& st = self->state;
        const auto* m = st.servers.find(status.name);
        const bool same = m != nullptr && same_choices(m->told.status, status);
        bill(self, st.servers.heard(std::move(status), self->clock().now()));
        if (!same)
          recall_leases(self);
        serve_queue(self);
        load_pinned(self);
      },
      [self](fleet_query) { return status_of(self->state); },
      [self](queue_query) { return who_waits(self->state, self->clock().now()); },
      [self](fresh_fleet_query) -> caf::result<fleet_status> {
        auto reply = self->make_response_promise<fleet_status>();
        ask_all(self, [self, reply]() mutable { reply.deliver(status_of(self->state)); });
        return reply;
      },
      [self](const twin_query& q) { return find_twin(self, q); },
      [self](model_order& order) { return order_model(self, order); },
      [self](backend_change& change) { return change_backend(self, change); },
      [self](const backend_list& list) { take_list(self, list); },
      [self](tick) { look(self); },
      [self](const restart_backend& r) {
        if (const auto* m = self->state.servers.find(r.name))
          start_backend(self, m->server);
      },
  };
}

} // namespace conductor
