#include "actors/fleet.hpp"

#include "messages/model_name.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

/// A probe's answer may be as old.
constexpr auto old_news = std::chrono::seconds(1);

/// Once the weights of a model are known, its runner is found by these.
void move_to(std::map<std::string, runner>& runners, const std::string& from,
             const std::string& to) {
  auto node = runners.extract(from);
  if (node.empty())
    return;
  const auto there = runners.find(to);
  if (there == runners.end()) {
    node.key() = to;
    runners.insert(std::move(node));
    return;
  }
  auto& into = there->second;
  auto& old = node.mapped();
  into.running += old.running;
  into.pinned = into.pinned || old.pinned;
  std::move(old.zombies.begin(), old.zombies.end(), std::back_inserter(into.zombies));
}

} // namespace

fleet::member* fleet::find(const std::string& name) {
  const auto i = std::find_if(members_.begin(), members_.end(),
                              [&](const auto& m) { return m.told.status.name == name; });
  return i == members_.end() ? nullptr : &*i;
}

bool fleet::put(backend_ptr server) {
  auto* m = find(server->name);
  if (m != nullptr && !m->leaving && *m->server == *server)
    return false;
  if (m == nullptr)
    m = &members_.emplace_back();
  const bool same_place = m->server && m->server->url == server->url;
  const bool same_room = m->server && m->server->parallel == server->parallel;
  m->leaving = false;
  m->server = std::move(server);
  auto& s = m->told.status;
  s.name = m->server->name;
  s.parallel = m->server->parallel;
  if (!same_place) {
    s = {};
    s.name = m->server->name;
    s.url = to_url(m->server->url);
    s.parallel = m->server->parallel;
    m->circuit = {};
    forget(*m);
  }
  if (!same_room)
    for (auto& [key, r] : m->runners)
      r.room = capacity{m->server->parallel};
  return true;
}

bool fleet::remove(const std::string& name) {
  auto* m = find(name);
  if (m == nullptr || m->leaving)
    return false;
  m->leaving = true;
  if (m->told.in_flight + m->told.relayed == 0)
    std::erase_if(members_, [&](const auto& one) { return &one == m; });
  return true;
}

bool fleet::drain(const std::string& name, bool on) {
  auto* m = find(name);
  if (m == nullptr || m->leaving)
    return false;
  m->told.draining = on;
  return true;
}

/// The server was restarted, or it is another one: nothing of what was found holds.
void fleet::forget(member& m) {
  m.failed_loads.clear();
  m.rivals.clear();
  m.just_loaded.clear();
  for (auto& [key, r] : m.runners) {
    r.room.start_slowly();
    r.loaded = r.options_known = r.straight = false;
  }
}

void fleet::learn_names(member& m) {
  m.has.clear();
  m.keys.clear();
  if (!m.told.status.known)
    return;
  for (const auto& k : m.told.status.known->models) {
    const auto name = canonical_model(k.name);
    m.has[name] = k;
    m.keys.insert(k.blob.empty() ? name : k.blob);
    if (k.blob.empty() || !m.runners.contains(name))
      continue;
    move_to(m.runners, name, k.blob);
    for (auto& [id, p] : places_)
      if (p.backend == m.told.status.name && p.key == name)
        p.key = k.blob;
    if (m.loading && m.loading->key == name)
      m.loading->key = k.blob;
  }
}

std::vector<fleet::burial> fleet::heard(backend_status status, time_point now) {
  std::vector<burial> buried;
  auto* m = find(status.name);
  if (m == nullptr)
    return buried;
  auto& told = m->told.status;
  const bool up = status.state == backend_state::up;
  const bool restarted =
      up && told.state != backend_state::unknown &&
      (told.state != backend_state::up || told.version != status.version);
  const bool news = status.known != told.known;
  status.parallel = m->server->parallel;
  told = std::move(status);
  if (restarted)
    forget(*m);
  if (!up)
    return buried;
  if (news)
    learn_names(*m);
  std::map<std::string, const loaded_model*> in_memory;
  for (const auto& l : told.loaded)
    in_memory[key_of(*m, canonical_model(l.name))] = &l;
  for (const auto& [key, loaded] : in_memory) {
    const auto* seen = loaded; // clang 14 captures no binding
    auto& r = runner_of(*m, key);
    if (r.model.empty())
      r.model = canonical_model(seen->name);
    // New here, or loaded anew with other options by somebody else.
    const bool other = r.seen.context > 0 && r.seen.context != seen->context;
    if (!std::exchange(r.loaded, true) || other) {
      r.options_known = false;
      r.loaded_at = now;
    }
    r.seen = *seen;
    std::erase_if(m->rivals, [&](const auto& pair) {
      return in_memory.contains(pair.first) && in_memory.contains(pair.second);
    });
    // It went idle since the answer was given up.
    const auto over = std::count_if(r.zombies.begin(), r.zombies.end(), [&](auto& z) {
      const bool first_look = z.expires == "?";
      if (first_look)
        z.expires = seen->expires;
      return !first_look && !z.expires.empty() && z.expires != seen->expires;
    });
    if (r.running == 0)
      bury(*m, r, static_cast<std::size_t>(over), now, buried);
  }
  for (auto& [key, r] : m->runners) {
    // What was asked may be older than the answer that ended a moment ago.
    const bool just_used = m->just_loaded.empty() && now - r.used_at < old_news;
    if (in_memory.contains(key) || r.running > 0 || just_used)
      continue;
    if (std::exchange(r.loaded, false) && !m->just_loaded.empty() &&
        key != m->just_loaded)
      m->rivals.insert(std::minmax(key, m->just_loaded));
    bury(*m, r, r.zombies.size(), now, buried);
  }
  m->just_loaded.clear();
  m->heard_at = now;
  // What is in no memory, on no mind and in no use is forgotten.
  std::erase_if(m->runners, [&](const auto& entry) {
    const auto& r = entry.second;
    const bool old = now - r.used_at > std::chrono::hours(1);
    return !r.loaded && (is_stray(*m, entry.first, r) ||
                         (old && r.used() == 0 && !r.pinned && !r.straight));
  });
  return buried;
}

void fleet::failed(const attempt_failed& failure, time_point now) {
  auto* m = find(failure.backend);
  if (m == nullptr)
    return;
  if (failure.code == errc::backend_unreachable ||
      failure.code == errc::connect_timeout) {
    // Known here at once, so that the next request does not try it again.
    m->told.status.state = backend_state::down;
    m->told.status.error = failure.detail;
    return;
  }
  m->circuit.failed(now, failure.successes);
}

const known_model* fleet::known(const member& m, const std::string& model) const {
  const auto i = m.has.find(model);
  return i == m.has.end() ? nullptr : &i->second;
}

std::string fleet::key_of(const member& m, const std::string& model) const {
  const auto* k = known(m, model);
  return k == nullptr || k->blob.empty() ? model : k->blob;
}

bool fleet::is_remote(const member& m, const std::string& model) const {
  const auto* k = known(m, model);
  return (k != nullptr && k->remote) || model.ends_with(":cloud") ||
         model.ends_with("-cloud");
}

const runner* fleet::runner_at(const member& m, const std::string& key) const {
  const auto i = m.runners.find(key);
  return i == m.runners.end() ? nullptr : &i->second;
}

runner& fleet::runner_of(member& m, const std::string& key) {
  const auto i = m.runners.find(key);
  if (i != m.runners.end())
    return i->second;
  auto& r = m.runners[key];
  r.room = capacity{m.server->parallel};
  r.stalls = stall_detector{how_.stall_floor};
  return r;
}

/// Somebody asked for what is not there, and is gone: names cost nothing, so that nothing
/// may be kept for them.
bool fleet::is_stray(const member& m, const std::string& key, const runner& r) {
  return m.told.status.known && !m.keys.contains(key) && r.used() == 0 && !r.pinned;
}

std::size_t fleet::running() const {
  std::size_t n = 0;
  for (const auto& m : members_)
    n += m.told.in_flight;
  return n;
}

std::vector<backend_load> fleet::status() const {
  std::vector<backend_load> all;
  for (const auto& m : members_) {
    if (m.leaving)
      continue;
    auto& b = all.emplace_back(m.told);
    b.loading = m.loading ? m.loading->model : std::string{};
    b.tripped = m.circuit.until().has_value();
    for (const auto& [key, r] : m.runners) {
      b.zombies += r.zombies.size();
      b.runners.push_back({r.model, r.options, r.loaded, r.pinned, r.running,
                           r.zombies.size(), r.room.limit(), r.room.learned()});
    }
  }
  return all;
}

} // namespace conductor
