#include "actors/dispatcher.hpp"

#include "actors/dispatcher_parts.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace dispatcher_parts {
namespace {

constexpr auto calm = std::chrono::seconds(1);
constexpr auto restless = std::chrono::milliseconds(100);

/// An answer took more or less than its flow was charged with.
void settle(self_ptr self, const spent& s) {
  auto& st = self->state;
  const auto took = std::chrono::duration<double>(s.cost).count();
  const auto charged = st.servers.settle(s, self->clock().now());
  st.queue.charge(s.flow, s.priority, took - charged);
  if (s.cut)
    keep_time(self);
}

void left(self_ptr self, const caf::actor_addr& who) {
  auto& st = self->state;
  leave_queue(self, who);
  std::erase_if(st.keepers, [&](const keeper_actor& k) { return k.address() == who; });
  tell_if_waiting(self);
  for (auto& [name, b] : st.backends)
    if (b.address() == who)
      self->delayed_send(self, std::chrono::seconds(1), restart_backend{name});
}

} // namespace

void keep_time(self_ptr self) {
  auto& st = self->state;
  if (st.ticking || (st.queue.empty() && !st.servers.restless(self->clock().now())))
    return;
  st.ticking = true;
  self->delayed_send(self, st.servers.restless(self->clock().now()) ? restless : calm,
                     tick{});
}

void recall_leases(self_ptr self, bool watch) {
  auto& st = self->state;
  st.told_waiting = !st.queue.empty();
  for (const auto& k : st.keepers)
    self->send(k, recall{st.told_waiting, watch});
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

void look(self_ptr self) {
  auto& st = self->state;
  st.ticking = false;
  expire(self);
  const auto found = st.servers.look(self->clock().now());
  if (found.watch)
    recall_leases(self, true);
  bill(self, found.buried);
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
      [self](const explain_query& q) { return self->state.decided.of(q.request); },
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
      [self](fleet_query) {
        auto now = status_of(self->state);
        now.mailbox = self->mailbox().size();
        return now;
      },
      [self](queue_query) { return who_waits(self->state, self->clock().now()); },
      [self](fresh_fleet_query) -> caf::result<fleet_status> {
        auto reply = self->make_response_promise<fleet_status>();
        ask_all(self, [self, reply]() mutable { reply.deliver(status_of(self->state)); });
        return reply;
      },
      [self](const twin_query& q) { return find_twin(self, q); },
      [self](model_order& order) { return order_model(self, order); },
      [self](backend_change& change) { return change_backend(self, change); },
      [self](const fleet_config& now) { take_config(self, now); },
      [self](tick) { look(self); },
      [self](const restart_backend& r) {
        if (const auto* m = self->state.servers.find(r.name))
          start_backend(self, m->server);
      },
  };
}

} // namespace conductor
