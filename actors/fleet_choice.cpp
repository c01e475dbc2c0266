#include "actors/fleet.hpp"

#include "actors/target.hpp"
#include "config/tables.hpp"
#include "messages/model_name.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using fit = candidate::fit;
using seconds_d = std::chrono::duration<double>;

/// What a first load is taken to cost, before one was seen.
constexpr double unknown_load = 2;
constexpr double risk_of_eviction = 0.1;
constexpr auto still_wanted = std::chrono::minutes(1);
/// A zombie is given so long to be seen gone, before somebody waits for it at Ollama.
constexpr auto before_test = std::chrono::milliseconds(200);
/// A model that was in use so shortly ago is likely to be asked for again at once.
constexpr auto least_linger = std::chrono::milliseconds(20);
constexpr auto most_linger = std::chrono::seconds(2);

/// 0 answers, 1 not heard of yet, 2 answers but answers failed there, 3 does not answer.
int health_of(const fleet::member& m, fleet::time_point now) {
  const auto s = m.told.status.state;
  return s == backend_state::down      ? 3
         : !m.circuit.may_try(now)     ? 2
         : s == backend_state::unknown ? 1
                                       : 0;
}

} // namespace

fleet::seconds fleet::mean_cost(const std::string& model) const {
  const auto i = costs_.find(model);
  return i == costs_.end() ? cost{}.mean : i->second.mean;
}

fleet::seconds fleet::load_cost(const member& m) const {
  return m.told.loads == 0
             ? unknown_load
             : seconds_d{m.told.load_time}.count() / static_cast<double>(m.told.loads);
}

shaped fleet::shape_for(const member& m, const acquire& wish, const runner* r) const {
  return shape(find_model(how_.models, wish.model), wish.model, wish.options,
               wish.about ? wish.about->speaks : dialect::ollama, r);
}

/// The memory cannot hold both, as far as is known.
bool fleet::rivals(const member& m, const std::string& key,
                   const std::string& other) const {
  return key == other || m.rivals.contains(std::minmax(key, other));
}

/// One model more would be too many.
bool fleet::crowded(const member& m, const std::string& key) const {
  if (!m.server->max_loaded)
    return false;
  const auto others =
      std::count_if(m.runners.begin(), m.runners.end(), [&](const auto& entry) {
        return entry.second.loaded && entry.first != key;
      });
  return static_cast<std::size_t>(others) >= *m.server->max_loaded;
}

/// What has to leave the memory before `key` is loaded anew: the same weights with other
/// options, known rivals, and, where memory is full, whatever is not in use first.
std::vector<const runner*> fleet::in_the_way(const member& m,
                                             const std::string& key) const {
  std::vector<const runner*> all;
  for (const auto& [other, r] : m.runners)
    if (r.loaded && rivals(m, key, other))
      all.push_back(&r);
  if (!all.empty() || !crowded(m, key))
    return all;
  const runner* least = nullptr;
  for (const auto& [other, r] : m.runners)
    if (r.loaded && other != key &&
        (least == nullptr ||
         std::pair{r.used(), r.used_at} < std::pair{least->used(), least->used_at}))
      least = &r;
  if (least != nullptr)
    all.push_back(least);
  return all;
}

/// Whether those wait for that backend at all.
bool fleet::may_use(const member& m, const group& g) {
  const auto& name = m.told.status.name;
  return (g.pinned.empty() || g.pinned == name) &&
         std::find(g.tried.begin(), g.tried.end(), name) == g.tried.end();
}

/// Those who wait for that runner with these options, under whatever name.
fleet::line fleet::line_for(const member& m, const std::string& key,
                            const std::string& options) const {
  line all;
  for (const auto& [target, g] : groups_) {
    if (!may_use(m, g) || key_of(m, g.model) != key)
      continue;
    const auto asked = shape(find_model(how_.models, g.model), g.model, g.options,
                             g.speaks, runner_at(m, key));
    if (asked.options != options)
      continue;
    const auto first = *g.since.begin();
    all.since = all.length == 0 ? first : std::min(all.since, first);
    all.length += g.since.size();
  }
  return all;
}

/// Who waits for another load has waited long enough, and this one had its time: it gets
/// nothing new until the other one is loaded.
bool fleet::must_make_room(const member& m, const std::string& key, const runner& r,
                           time_point now) const {
  if (!how_.loads || !r.loaded || now - r.loaded_at < how_.swap_after)
    return false;
  return std::any_of(groups_.begin(), groups_.end(), [&](const auto& entry) {
    const auto& g = entry.second;
    if (now - *g.since.begin() < how_.swap_after || !may_use(m, g) ||
        known(m, g.model) == nullptr)
      return false;
    const auto wants = key_of(m, g.model);
    const auto* there = runner_at(m, wants);
    const auto asked =
        shape(find_model(how_.models, g.model), g.model, g.options, g.speaks, there);
    if (there != nullptr && there->loaded && has_options(*there, asked.options))
      return false; // it waits for a place, not for a load
    const auto ways = in_the_way(m, wants);
    return std::find(ways.begin(), ways.end(), &r) != ways.end() || wants == key;
  });
}

/// Whether the model is in memory as it is wanted; if not, whether it can be loaded now.
void fleet::judge_memory(candidate& c, const member& m, const acquire& wish,
                         const std::string& key, const shaped& s, time_point now) const {
  const auto* r = runner_at(m, key);
  const auto cost = load_cost(m);
  const auto mine = line_for(m, key, s.options);
  const auto ahead = static_cast<double>(mine.length);
  const auto limit =
      r == nullptr ? capacity{m.server->parallel}.limit() : r->room.limit();
  const auto turn = mean_cost(wish.model) / limit;
  const bool knows = m.told.status.state == backend_state::up && m.told.status.known;
  const bool underived = !s.changes.model.empty() && known(m, s.changes.model) == nullptr;
  c.loaded = r != nullptr && (r->loaded || r->running > 0) &&
             has_options(*r, s.options) && !underived;
  if (r != nullptr && r->loaded && r->seen.size > 0)
    c.gpu_share =
        static_cast<double>(r->seen.size_on_gpu) / static_cast<double>(r->seen.size);
  const bool loads = how_.loads && knows && !wish.bare && known(m, wish.model) != nullptr;
  if (!c.loaded && loads && (r == nullptr || !r->straight)) {
    if (m.loading && m.loading->key == key && m.loading->options == s.options) {
      c.is = fit::loading;
      c.why = "it is loading the model";
      c.wait_s = cost / 2 + ahead * turn;
      return;
    }
    c.wait_s = cost + ahead * turn;
    // Each model that is there may have to make room, whether that is known or not, and
    // one that is wanted is loaded again at once.
    c.alone = true;
    for (const auto& [other, one] : m.runners)
      if (one.loaded) {
        const bool wanted = one.used() > 0 || now - one.used_at < still_wanted;
        c.wait_s += cost * (wanted ? 1 : risk_of_eviction);
        c.alone = false;
      }
    if (const auto failed = m.failed_loads.find(key + '\n' + s.options);
        failed != m.failed_loads.end() && now < failed->second.first) {
      c.why = "it could not load the model";
      c.load_error = failed->second.second;
      return;
    }
    c.is = fit::blocked;
    if (m.loading) {
      c.why = "it is loading another model";
      c.wait_s += cost;
      return;
    }
    const bool overdue = mine.length > 0 && now - mine.since >= how_.swap_after;
    for (const auto* other : in_the_way(m, key)) {
      c.wait_s += cost; // somebody will have to load it again
      const bool lingers =
          now - other->used_at <
              std::clamp<time_point::duration>(
                  std::chrono::duration_cast<time_point::duration>(seconds_d{cost / 10}),
                  least_linger, most_linger) &&
          now - other->loaded_at < how_.swap_after;
      const auto its = key_of(m, other->model);
      const bool wanted = line_for(m, its, other->options).length > 0;
      const bool had_its_time = overdue && now - other->loaded_at >= how_.swap_after;
      if (other->used() > 0 || (!had_its_time && (wanted || lingers))) {
        c.why = "another model has to make room first";
        return;
      }
    }
    c.is = fit::load;
    c.why = "it has to load the model";
    return;
  }
  const auto used = r == nullptr ? 0u : r->used();
  c.is = used < limit ? fit::ready : fit::full;
  c.why = c.is == fit::ready ? "it has a place" : "it has no place";
  if (c.is == fit::full && r != nullptr && r->running < limit &&
      r->untested(now - before_test) != nullptr) {
    c.is = fit::ready;
    c.why = "an answer that was given up may have left its place";
  }
  c.wait_s = c.is == fit::ready ? 0 : (ahead + 1) * turn;
  if (r != nullptr && loads && must_make_room(m, key, *r, now)) {
    c.is = fit::blocked;
    c.why = "it makes room for another model";
    c.wait_s += 2 * cost;
  }
}

std::vector<candidate> fleet::assess(const acquire& wish, const std::string& last,
                                     time_point now) const {
  std::vector<candidate> all;
  all.reserve(members_.size());
  for (const auto& m : members_) {
    if (m.leaving)
      continue;
    candidate c;
    const auto& status = m.told.status;
    c.backend = status.name;
    c.health = health_of(m, now);
    c.last = !last.empty() && status.name == last;
    c.tier = m.server->tier;
    c.primary = m.server->primary;
    c.in_use = static_cast<double>(m.told.in_flight + 1) / m.server->weight;
    c.lacks_model = status.known && !wish.model.empty() &&
                    known(m, wish.model) == nullptr && !is_remote(m, wish.model);
    if (std::find(wish.tried.begin(), wish.tried.end(), status.name) != wish.tried.end())
      c.why = "it failed this request";
    else if (m.told.draining)
      c.why = "it is drained";
    else if (!wish.takes_place || is_remote(m, wish.model)) {
      c.is = fit::ready;
      c.why = "it needs no place";
    } else {
      const auto key = key_of(m, wish.model);
      judge_memory(c, m, wish, key, shape_for(m, wish, runner_at(m, key)), now);
    }
    all.push_back(std::move(c));
  }
  return all;
}

fleet::load fleet::load_for(const member& m, const acquire& wish, time_point now) const {
  load l;
  l.model = wish.model;
  l.key = key_of(m, wish.model);
  auto s = shape_for(m, wish, runner_at(m, l.key));
  if (s.changes.model.empty()) {
    for (auto& [key, value] : options_of(s.options))
      l.set.options.emplace_back(key, value);
  } else { // the derived model has them
    if (known(m, s.changes.model) == nullptr)
      l.derive_from = l.model;
    l.model = s.changes.model;
  }
  l.options = std::move(s.options);
  if (const auto* policy = find_model(how_.models, wish.model))
    l.set.keep_alive = policy->keep_alive;
  const auto* r = runner_at(m, l.key);
  if (r != nullptr && r->pinned)
    l.set.keep_alive = "-1";
  if (const auto* k = known(m, wish.model))
    l.embeds = !k->capabilities.empty() &&
               std::find(k->capabilities.begin(), k->capabilities.end(), "completion") ==
                   k->capabilities.end();
  l.since = now;
  if (r != nullptr && how_.stall_floor.count() > 0)
    l.patience = r->stalls.patience_ms(answer_phase::load);
  l.forced = wish.about != nullptr;
  if (wish.about) {
    l.flow = wish.about->flow;
    l.priority = wish.about->priority;
  }
  return l;
}

void fleet::waits(const acquire& wish, time_point since) {
  if (!wish.takes_place)
    return;
  auto& g = groups_[target_of(wish)];
  g.model = wish.model;
  g.options = wish.options;
  g.pinned = wish.pinned;
  g.tried = wish.tried;
  if (wish.about)
    g.speaks = wish.about->speaks;
  g.since.insert(since);
}

void fleet::waits_no_more(const acquire& wish, time_point since) {
  const auto i = groups_.find(target_of(wish));
  if (i == groups_.end())
    return;
  auto& all = i->second.since;
  if (const auto one = all.find(since); one != all.end())
    all.erase(one);
  if (all.empty())
    groups_.erase(i);
}

std::vector<std::pair<std::string, fleet::load>>
fleet::wanted_loads(time_point now) const {
  std::vector<std::pair<std::string, load>> all;
  for (const auto& m : members_) {
    const bool able = !m.leaving && !m.told.draining && !m.loading &&
                      m.told.status.state == backend_state::up && m.told.status.known;
    if (!able || !how_.loads)
      continue;
    for (const auto& [name, k] : m.has) {
      const auto* policy = find_model(how_.models, name);
      const auto* r = runner_at(m, key_of(m, name));
      const bool pinned = (policy != nullptr && policy->pin) ||
                          (r != nullptr && r->pinned && r->model == name);
      if (!pinned || (r != nullptr && (r->loaded || r->running > 0 || r->straight)))
        continue;
      acquire wish;
      wish.model = name;
      wish.takes_place = true;
      candidate c;
      judge_memory(c, m, wish, key_of(m, name), shape_for(m, wish, r), now);
      if (c.is != fit::load)
        continue;
      auto l = load_for(m, wish, now);
      l.set.keep_alive = "-1";
      all.emplace_back(m.told.status.name, std::move(l));
      break; // one at a time
    }
  }
  return all;
}

} // namespace conductor
