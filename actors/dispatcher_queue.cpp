#include "actors/dispatcher_parts.hpp"

#include "actors/target.hpp"

#include <algorithm>
#include <utility>

namespace conductor::dispatcher_parts {
namespace {

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
  explanation e{wish.about->id,          wish.model, {}, std::move(decided), waited, {},
                owner_of(wish.about->by)};
  if (const auto* to = std::get_if<go_to>(&d.what))
    e.backend = to->backend;
  e.candidates = std::move(d.by);
  st.decided.add(std::move(e));
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

} // namespace

void tell_if_waiting(self_ptr self) {
  if (self->state.told_waiting == self->state.queue.empty())
    recall_leases(self);
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

void leave_queue(self_ptr self, const caf::actor_addr& who) {
  auto& st = self->state;
  const auto waited =
      std::find_if(st.waits.begin(), st.waits.end(),
                   [&](const auto& entry) { return entry.second.who == who; });
  if (waited == st.waits.end())
    return;
  const auto ticket = waited->first;
  st.queue.erase(ticket);
  leave(self, ticket).reply.deliver(make_error(errc::internal, "who waited has ended"));
}

} // namespace conductor::dispatcher_parts
