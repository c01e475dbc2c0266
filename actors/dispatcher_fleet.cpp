#include "actors/dispatcher_parts.hpp"

#include "messages/model_name.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace conductor::dispatcher_parts {
namespace {

/// A list waits no longer than this for a backend that is slow to tell.
constexpr auto patience = std::chrono::milliseconds(500);

void begin(self_ptr self, const std::string& name, fleet::load l) {
  auto& st = self->state;
  auto* m = st.servers.find(name);
  const auto b = st.backends.find(name);
  if (m == nullptr || m->loading || b == st.backends.end())
    return;
  load_model ask{m->server, l.model, l.derive_from, l.options,
                 l.set,     false,   l.embeds,      l.patience};
  st.servers.begin_load(*m, l);
  recall_leases(self); // what is kept of that model may no longer fit
  self->request(b->second, caf::infinite, std::move(ask))
      .then(
          [self, name, l](const load_result& r) {
            auto& st = self->state;
            st.servers.loaded(name, self->clock().now());
            if (l.forced)
              st.queue.charge(l.flow, l.priority,
                              std::chrono::duration<double>(r.took).count());
            serve_queue(self);
          },
          [self, name](const caf::error& e) {
            auto& st = self->state;
            const auto why = to_failure(e);
            st.servers.load_failed(name, why, self->clock().now());
            if (const auto b = st.backends.find(name); b != st.backends.end())
              self->send(b->second, attempt_failed{name, why.code, why.detail, 0});
            serve_queue(self);
            keep_time(self);
          });
}

/// Backends that an order is for: the one that is named, or all that can follow it.
std::vector<std::string> meant_by(const dispatcher_state& st, const model_order& order) {
  std::vector<std::string> all;
  for (const auto& m : st.servers.all()) {
    const auto& name = m.told.status.name;
    if (m.leaving || (!order.backend.empty() && order.backend != name) ||
        m.told.status.state != backend_state::up || !m.has.contains(order.model))
      continue;
    const bool loaded =
        std::any_of(m.runners.begin(), m.runners.end(), [&](const auto& entry) {
          return entry.second.loaded && entry.second.model == order.model;
        });
    if (order.what != model_order::verb::unload || loaded || !order.backend.empty())
      all.push_back(name);
  }
  // One place is enough for what is to be in memory, unless more are asked for.
  if (order.backend.empty() && order.what == model_order::verb::load && all.size() > 1)
    all.resize(1);
  return all;
}

} // namespace

void start_backend(self_ptr self, const backend_ptr& server) {
  auto& st = self->state;
  const auto old = st.backends.find(server->name);
  if (old != st.backends.end()) {
    self->demonitor(old->second.address());
    self->send_exit(old->second, caf::exit_reason::user_shutdown);
  }
  st.servers.put(server);
  auto started = st.start(server, caf::actor_cast<dispatcher_actor>(self));
  self->monitor(started);
  st.backends[server->name] = std::move(started);
}

void start_load(self_ptr self, const std::string& backend, const acquire& wish) {
  auto& st = self->state;
  if (const auto* m = st.servers.find(backend))
    begin(self, backend, st.servers.load_for(*m, wish, self->clock().now()));
}

void load_pinned(self_ptr self) {
  for (auto& [backend, l] : self->state.servers.wanted_loads(self->clock().now()))
    begin(self, backend, std::move(l));
}

void ask_all(self_ptr self, std::function<void()> then) {
  auto& st = self->state;
  // One more, so that nothing is over before all were asked.
  auto left = std::make_shared<std::size_t>(1);
  const auto one_less = [left, then = std::move(then)] {
    if (--*left == 0)
      then();
  };
  for (const auto& m : st.servers.all()) {
    if (m.told.status.state != backend_state::up || m.leaving)
      continue;
    ++*left;
    self->request(st.backends.at(m.told.status.name), patience, refresh{})
        .then([one_less](const backend_status&) { one_less(); },
              [one_less](const caf::error&) { one_less(); });
  }
  one_less();
}

caf::result<model_ordered> order_model(self_ptr self, model_order& order) {
  auto& st = self->state;
  order.model = canonical_model(order.model);
  const auto where = meant_by(st, order);
  if (where.empty())
    return make_error(errc::not_found,
                      order.what == model_order::verb::unload && order.backend.empty()
                          ? "no backend has " + order.model + " in memory"
                      : order.backend.empty()
                          ? "no backend that answers has the model " + order.model
                          : "there is no backend " + order.backend +
                                " that answers and has the model " + order.model);
  const bool pins = order.what == model_order::verb::pin;
  if (pins || order.what == model_order::verb::unpin) {
    for (const auto& name : where)
      st.servers.pin(name, order.model, pins);
    load_pinned(self);
    return model_ordered{where};
  }
  auto reply = self->make_response_promise<model_ordered>();
  auto left = std::make_shared<std::size_t>(where.size());
  for (const auto& name : where) {
    const bool unloads = order.what == model_order::verb::unload;
    load_model ask{st.servers.find(name)->server,
                   order.model,
                   {},
                   {},
                   order.set,
                   unloads,
                   false,
                   {}};
    if (unloads)
      st.servers.pin(name, order.model, false);
    self->request(st.backends.at(name), caf::infinite, std::move(ask))
        .then(
            [=, model = order.model](const load_result&) mutable {
              if (unloads)
                self->state.servers.unloaded(name, model);
              if (--*left == 0)
                reply.deliver(model_ordered{where});
            },
            [=](const caf::error& e) mutable {
              if (*left != 0) {
                *left = 0;
                reply.deliver(e);
              }
            });
  }
  return reply;
}

caf::result<fleet_status> change_backend(self_ptr self, backend_change& change) {
  auto& st = self->state;
  using verb = backend_change::verb;
  const auto drop = [&] {
    if (const auto b = st.backends.find(change.name); b != st.backends.end()) {
      self->demonitor(b->second.address());
      self->send_exit(b->second, caf::exit_reason::user_shutdown);
      st.backends.erase(b);
    }
    return st.servers.remove(change.name);
  };
  bool known = true;
  if (change.what == verb::put) {
    if (st.servers.put(change.server))
      start_backend(self, change.server);
  } else if (change.what == verb::remove) {
    known = drop();
  } else {
    known = st.servers.drain(change.name, change.what == verb::drain);
  }
  if (!known)
    return make_error(errc::not_found, "there is no backend " + change.name);
  recall_leases(self);
  serve_queue(self);
  return status_of(st);
}

void take_config(self_ptr self, const fleet_config& now) {
  self->state.servers.use_models(*now.models);
  std::set<std::string> names;
  for (const auto& server : now.backends) {
    names.insert(server->name);
    backend_change put{backend_change::verb::put, server->name, server};
    change_backend(self, put);
  }
  std::vector<std::string> gone;
  for (const auto& m : self->state.servers.all())
    if (!m.leaving && !names.contains(m.told.status.name))
      gone.push_back(m.told.status.name);
  for (const auto& name : gone) {
    backend_change remove{backend_change::verb::remove, name, nullptr};
    change_backend(self, remove);
  }
}

caf::result<twin> find_twin(self_ptr self, const twin_query& q) {
  auto& st = self->state;
  const auto none =
      make_error(errc::not_found, "no other backend has the very same " + q.model);
  const auto model = canonical_model(q.model);
  const auto* lost = st.servers.find(q.lost);
  if (lost == nullptr || !lost->has.contains(model))
    return none;
  const auto& digest = lost->has.at(model).digest;
  const auto& all = st.servers.all();
  const auto other = std::find_if(all.begin(), all.end(), [&](const auto& m) {
    const auto there = m.has.find(model);
    return &m != lost && !m.leaving && !m.told.draining &&
           m.told.status.state == backend_state::up && there != m.has.end() &&
           there->second.digest == digest && !digest.empty() &&
           m.circuit.may_try(self->clock().now());
  });
  if (other == all.end())
    return none;
  const auto name = other->told.status.name;
  if (const auto seen = st.templates.find(digest); seen != st.templates.end()) {
    if (seen->second)
      return twin{name};
    return none;
  }
  auto reply = self->make_response_promise<twin>();
  self->request(st.backends.at(name), caf::infinite, probe_render{nullptr, model})
      .then(
          [=](const render_result& r) mutable {
            self->state.templates[digest] = r.continues;
            if (r.continues)
              reply.deliver(twin{name});
            else
              reply.deliver(none);
          },
          [=](const caf::error&) mutable { reply.deliver(none); });
  return reply;
}

fleet_status status_of(const dispatcher_state& st) {
  fleet_status s;
  s.backends = st.servers.status();
  s.waiting = st.queue.size();
  s.queue_limit = st.limits.limit;
  s.classes = st.queue.by_class();
  s.moved_on = st.moved_on;
  s.retries_refused = st.retries.refused();
  return s;
}

} // namespace conductor::dispatcher_parts
