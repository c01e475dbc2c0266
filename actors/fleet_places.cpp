#include "actors/fleet.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

/// A load that failed is not tried again for so long.
constexpr auto after_failed_load = std::chrono::seconds(5);
/// Nor one that never came to an end.
constexpr auto after_stalled_load = std::chrono::minutes(1);

} // namespace

lease fleet::grant(std::uint64_t id, const std::string& backend, const acquire& wish,
                   time_point now) {
  auto& m = *find(backend);
  lease l;
  l.id = id;
  l.backend = backend;
  l.model = wish.model;
  l.server = m.server;
  auto& p = places_[id];
  p.backend = backend;
  p.takes_place = wish.takes_place;
  p.edits = wish.bare || (wish.about && wish.about->edits_models);
  if (!wish.takes_place) {
    ++m.told.relayed;
    return l;
  }
  ++m.told.in_flight;
  p.key = key_of(m, wish.model);
  auto& r = runner_of(m, p.key);
  if (r.used() >= r.room.limit()) {
    r.test(id);
    l.watched = true;
  }
  ++r.running;
  r.newest = id;
  if (m.last_load.key == p.key) {
    l.load_began = m.last_load.began;
    l.load_ended = m.last_load.ended;
  }
  auto s = shape_for(m, wish, &r);
  if (!s.changes.options.empty() || !s.changes.keep_alive.empty() ||
      !s.changes.model.empty())
    l.changes = std::make_shared<const body_changes>(std::move(s.changes));
  if (!is_remote(m, wish.model)) {
    if (!wish.bare) {
      if (!std::exchange(r.loaded, true))
        r.loaded_at = now;
      r.model = wish.model;
      if (r.options != s.options)
        r.seen.context = 0; // Ollama loads it anew for this one
      r.options = std::move(s.options);
      r.options_known = true;
    } else {
      p.loads = std::move(s.options);
    }
    l.watched = r.room.granted(id, r.used(), now) || l.watched;
  }
  if (!m.circuit.may_try(now) || m.circuit.until()) {
    m.circuit.trying();
    p.trial = l.watched = true;
  }
  if (how_.stall_floor.count() > 0) {
    l.first_patience = r.stalls.patience_ms(answer_phase::prefill);
    l.gap_patience = r.stalls.patience_ms(answer_phase::decode);
  }
  return l;
}

void fleet::charge(std::uint64_t id, seconds charged) {
  if (const auto p = places_.find(id); p != places_.end())
    p->second.charged = charged;
}

void fleet::bury(member& m, runner& r, std::size_t n, time_point now,
                 std::vector<burial>& into) {
  for (; n > 0 && !r.zombies.empty(); --n) {
    auto& z = r.zombies.front();
    into.push_back({std::move(z.flow), z.priority, now - z.since});
    m.told.zombie_time += now - z.since;
    r.room.ended(z.lease, now);
    r.zombies.pop_front();
  }
}

std::vector<fleet::burial> fleet::began(std::uint64_t id, time_point now) {
  std::vector<burial> buried;
  const auto p = places_.find(id);
  if (p == places_.end())
    return buried;
  auto* m = find(p->second.backend);
  if (std::exchange(p->second.trial, false))
    m->circuit.succeeded();
  const auto r = m->runners.find(p->second.key);
  if (r == m->runners.end())
    return buried;
  r->second.room.began(id, now);
  // Whoever begins has the place that he waited for.
  auto& zombies = r->second.zombies;
  const auto left = std::find_if(zombies.begin(), zombies.end(),
                                 [&](const auto& z) { return z.tested_by == id; });
  if (left != zombies.end()) {
    std::rotate(zombies.begin(), left, std::next(left));
    bury(*m, r->second, 1, now, buried);
  }
  return buried;
}

fleet::seconds fleet::settle(const spent& s, time_point now) {
  constexpr double newest = 0.2; // weight in the mean
  const auto p = places_.find(s.lease);
  if (s.whole) {
    const auto took = std::chrono::duration<double>(s.cost).count();
    auto& c = costs_[s.model];
    c.mean = c.known ? c.mean + (took - c.mean) * newest : took;
    c.known = true;
  }
  if (p == places_.end())
    return 0;
  auto* m = find(p->second.backend);
  if (const auto r = m->runners.find(p->second.key); r != m->runners.end()) {
    auto& stalls = r->second.stalls;
    if (s.first.count() > 0)
      stalls.saw(answer_phase::prefill, s.first);
    if (s.gaps > 0)
      stalls.saw_gaps(s.gaps, s.mean_gap, s.longest_gap);
    if (s.cut) {
      const bool fresh = m->heard_at > r->second.used_at;
      r->second.zombies.push_back({s.lease, now,
                                   s.first.count() == 0 ? ""
                                   : fresh              ? r->second.seen.expires
                                                        : "?",
                                   s.flow, s.priority});
    }
  }
  return std::exchange(p->second.charged, 0.0);
}

std::string fleet::ended(std::uint64_t id, time_point now) {
  const auto found = places_.find(id);
  if (found == places_.end())
    return {};
  const auto p = std::move(found->second);
  places_.erase(found);
  auto* m = find(p.backend);
  if (p.trial)
    m->circuit.released();
  if (p.takes_place) {
    --m->told.in_flight;
    if (const auto r = m->runners.find(p.key); r != m->runners.end()) {
      --r->second.running;
      for (auto& z : r->second.zombies)
        if (z.tested_by == id)
          z.tested_by = 0;
      auto& zombies = r->second.zombies;
      if (std::none_of(zombies.begin(), zombies.end(),
                       [&](const auto& z) { return z.lease == id; }))
        r->second.room.ended(id, now);
      r->second.used_at = now;
      if (p.edits) {
        r->second.options = p.loads;
        r->second.options_known = r->second.newest == id;
        r->second.seen.context = 0;
      }
      if (r->second.seen.name.empty() && is_stray(*m, p.key, r->second))
        m->runners.erase(r);
    }
  } else {
    --m->told.relayed;
  }
  if (m->leaving && m->told.in_flight + m->told.relayed == 0)
    std::erase_if(members_, [&](const auto& one) { return &one == m; });
  return p.edits ? p.backend : std::string{};
}

void fleet::begin_load(member& m, load l) {
  // What is in the way is as good as gone.
  const auto gone = in_the_way(m, l.key);
  for (auto& [key, r] : m.runners)
    if (std::find(gone.begin(), gone.end(), &r) != gone.end())
      r.loaded = false;
  l.swaps = !gone.empty();
  l.trial = m.circuit.until().has_value();
  m.circuit.trying();
  m.loading = std::move(l);
}

void fleet::loaded(const std::string& backend, time_point now) {
  auto* m = find(backend);
  if (m == nullptr || !m->loading)
    return;
  const auto l = std::move(*std::exchange(m->loading, std::nullopt));
  ++m->told.loads;
  m->told.load_time += now - l.since;
  if (l.swaps) {
    ++m->told.swaps;
    m->told.swap_time += now - l.since;
  }
  if (l.trial)
    m->circuit.succeeded();
  m->failed_loads.clear();
  m->just_loaded = l.key;
  m->last_load = {l.key, l.since, now};
  auto& r = runner_of(*m, l.key);
  r.model = l.model;
  r.options = l.options;
  r.options_known = r.loaded = true;
  r.seen.context = 0;
  r.loaded_at = r.used_at = now;
  if (!m->server->parallel)
    r.room.forget(); // another instance may have other places
  r.stalls.saw(answer_phase::load, now - l.since);
}

void fleet::load_failed(const std::string& backend, const failure& why, time_point now) {
  auto* m = find(backend);
  if (m == nullptr || !m->loading)
    return;
  const auto l = std::move(*std::exchange(m->loading, std::nullopt));
  std::erase_if(m->failed_loads,
                [now](const auto& one) { return one.second.first <= now; });
  const auto not_before = [&](time_point until) {
    m->failed_loads[l.key + '\n' + l.options] = {until, why.detail};
  };
  // What Ollama cannot load without a prompt it may serve with one, or say best why not.
  if (why.code == errc::bad_request || why.code == errc::not_found)
    runner_of(*m, l.key).straight = true;
  else if (why.code == errc::load_failed)
    not_before(now + after_failed_load);
  else { // it is the server that failed, not the load
    failed({backend, why.code, why.detail, 0}, now);
    if (why.code == errc::stalled)
      not_before(now + after_stalled_load);
    else if (!m->circuit.may_try(now))
      not_before(*m->circuit.until());
  }
  if (l.trial)
    m->circuit.released();
}

void fleet::unloaded(const std::string& backend, const std::string& model) {
  auto* m = find(backend);
  if (m == nullptr)
    return;
  auto& r = runner_of(*m, key_of(*m, model));
  if (r.running == 0)
    r.loaded = false;
}

void fleet::pin(const std::string& backend, const std::string& model, bool on) {
  auto* m = find(backend);
  if (m == nullptr)
    return;
  auto& r = runner_of(*m, key_of(*m, model));
  r.pinned = on;
  if (r.model.empty())
    r.model = model;
}

fleet::finding fleet::look(time_point now) {
  finding found;
  for (auto& m : members_)
    for (auto& [key, r] : m.runners) {
      r.room.look(r.used(), now);
      found.watch = r.room.calm_ended(now) || found.watch;
      const auto over =
          std::count_if(r.zombies.begin(), r.zombies.end(), [&](const auto& z) {
            return now - z.since >= how_.zombie_grace;
          });
      bury(m, r, static_cast<std::size_t>(over), now, found.buried);
    }
  return found;
}

std::vector<std::string> fleet::haunted() const {
  std::vector<std::string> all;
  for (const auto& m : members_)
    if (std::any_of(m.runners.begin(), m.runners.end(),
                    [](const auto& entry) { return !entry.second.zombies.empty(); }))
      all.push_back(m.told.status.name);
  return all;
}

bool fleet::restless(time_point now) const {
  return !groups_.empty() ||
         std::any_of(members_.begin(), members_.end(), [&](const auto& m) {
           return !m.circuit.may_try(now) ||
                  std::any_of(m.runners.begin(), m.runners.end(), [](const auto& entry) {
                    return !entry.second.zombies.empty() || entry.second.room.watching();
                  });
         });
}

} // namespace conductor
