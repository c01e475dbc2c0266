#include "tests/support/ollama/runners.hpp"

#include <algorithm>

namespace conductor::test {

namespace {

using wall_clock = std::chrono::system_clock;

// Ten years, so that no sum of times overflows.
constexpr runners::seconds longest{3.2e8};

template <class Clock>
typename Clock::time_point after(runners::seconds s) {
  return Clock::now() +
         std::chrono::duration_cast<typename Clock::duration>(std::min(s, longest));
}

/// Empty: never.
std::optional<wall_clock::time_point> end_of(runners::seconds keep_alive) {
  if (keep_alive.count() < 0)
    return {};
  return after<wall_clock>(keep_alive);
}

} // namespace

struct runners::runner {
  wish loaded_as;
  seconds keep_alive{300};
  unsigned used = 0;     ///< places
  unsigned visitors = 0; ///< who needs none
  std::deque<ticket_ptr> queue;
  std::shared_ptr<prompt_slots> slots;
  std::optional<clock::time_point> idle_until; ///< empty: busy, or for ever
  bool was_idle = false;
  std::optional<wall_clock::time_point> expires; ///< as of the last time it went idle

  bool idle() const { return used == 0 && visitors == 0 && queue.empty(); }
};

runners::runners(statistics& seen, limits l) : seen_(seen), limits_(l) {}

runners::~runners() = default;

void runners::become(const ticket_ptr& t, phase p) {
  t->now = p;
  if (t->poke)
    t->poke();
}

runners::ticket_ptr runners::enter(wish w, std::function<void()> poke) {
  auto t = std::make_shared<ticket>();
  t->what = std::move(w);
  std::lock_guard lock(mutex_);
  expire();
  auto found = runners_.find(t->what.blob);
  if (found != runners_.end() && found->second->loaded_as.options == t->what.options) {
    admit(t, *found->second);
  } else if (pending_.size() >= limits_.max_queue) {
    t->now = phase::refused;
  } else {
    pending_.push_back(t);
    pump();
  }
  t->poke = std::move(poke);
  return t;
}

void runners::admit(const ticket_ptr& t, runner& r) {
  if (t->what.keep_alive)
    r.keep_alive = *t->what.keep_alive;
  r.idle_until.reset();
  t->slots = r.slots;
  if (!t->what.answers) {
    ++r.visitors;
    become(t, phase::granted);
  } else if (limits_.parallel == 0 || r.used < limits_.parallel) {
    ++r.used;
    become(t, phase::granted);
  } else {
    r.queue.push_back(t);
    become(t, phase::waiting);
  }
}

// The loader takes one after the other, and stops at the first that cannot go on.
void runners::pump() {
  while (!loading_ && !pending_.empty()) {
    auto t = pending_.front();
    auto found = runners_.find(t->what.blob);
    if (found != runners_.end() && found->second->loaded_as.options == t->what.options) {
      pending_.pop_front();
      admit(t, *found->second);
      continue;
    }
    if (!make_room(t->what))
      return;
    pending_.pop_front();
    loading_ = t;
    seen_.update([](counts& c) { ++c.loads; });
    become(t, phase::loading);
  }
}

bool runners::make_room(const wish& w) {
  if (auto found = runners_.find(w.blob); found != runners_.end()) {
    if (!found->second->idle())
      return false;
    drop(w.blob);
  }
  if (limits_.max_loaded == 0 || runners_.size() < limits_.max_loaded)
    return true;
  auto victim = runners_.end();
  for (auto r = runners_.begin(); r != runners_.end(); ++r)
    if (r->second->idle() &&
        (victim == runners_.end() || r->second->keep_alive < victim->second->keep_alive))
      victim = r;
  if (victim == runners_.end())
    return false;
  drop(std::string(victim->first));
  return true;
}

void runners::drop(const std::string& blob) {
  runners_.erase(blob);
  seen_.update([](counts& c) { ++c.unloads; });
}

void runners::loaded(const ticket_ptr& t) {
  std::lock_guard lock(mutex_);
  if (loading_ != t)
    return;
  loading_.reset();
  auto& r = runners_[t->what.blob];
  r = std::make_unique<runner>();
  r->loaded_as = t->what;
  r->keep_alive = limits_.keep_alive;
  r->slots = std::make_shared<prompt_slots>(std::max(1u, limits_.parallel));
  admit(t, *r);
  pump();
}

void runners::release(runner& r, bool answers) {
  --(answers ? r.used : r.visitors);
  while (!r.queue.empty() && (limits_.parallel == 0 || r.used < limits_.parallel)) {
    auto next = r.queue.front();
    r.queue.pop_front();
    ++r.used;
    become(next, phase::granted);
  }
}

void runners::leave(const ticket_ptr& t) {
  std::lock_guard lock(mutex_);
  auto was = t->now.exchange(phase::refused);
  t->poke = nullptr;
  if (was == phase::refused)
    return;
  if (was == phase::queued) {
    std::erase(pending_, t);
  } else if (was == phase::loading && loading_ == t) {
    loading_.reset();
    seen_.update([](counts& c) { ++c.load_aborts; });
  } else if (auto found = runners_.find(t->what.blob); found != runners_.end()) {
    auto& r = *found->second;
    if (was == phase::waiting)
      std::erase(r.queue, t);
    else if (was == phase::granted)
      release(r, t->what.answers);
    if (r.idle())
      went_idle(t->what.blob, r);
  }
  pump();
}

// The only moment at which Ollama renews what it tells of the end.
void runners::went_idle(const std::string& blob, runner& r) {
  if (r.keep_alive.count() == 0) {
    drop(blob);
    return;
  }
  r.was_idle = true;
  r.expires = end_of(r.keep_alive);
  if (r.keep_alive.count() > 0)
    r.idle_until = after<clock>(r.keep_alive);
}

void runners::unload(const std::string& blob) {
  std::lock_guard lock(mutex_);
  auto found = runners_.find(blob);
  if (found == runners_.end())
    return;
  found->second->keep_alive = seconds{0};
  if (found->second->idle())
    drop(blob);
  pump();
}

void runners::expire() {
  auto now = clock::now();
  for (auto r = runners_.begin(); r != runners_.end();) {
    auto over =
        r->second->idle() && r->second->idle_until && *r->second->idle_until <= now;
    auto blob = r++->first;
    if (over)
      drop(blob);
  }
}

std::vector<runners::loaded_model> runners::list() {
  std::lock_guard lock(mutex_);
  expire();
  std::vector<loaded_model> all;
  for (const auto& [blob, r] : runners_) {
    all.push_back({r->loaded_as.name, r->loaded_as.digest, r->loaded_as.context_length,
                   r->was_idle ? r->expires : end_of(r->keep_alive)});
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    auto never = wall_clock::time_point::max();
    return a.expires.value_or(never) > b.expires.value_or(never);
  });
  return all;
}

void runners::change(const limits& l) {
  std::lock_guard lock(mutex_);
  limits_ = l;
}

void runners::reset() {
  std::lock_guard lock(mutex_);
  std::erase_if(runners_, [](const auto& r) { return r.second->idle(); });
}

} // namespace conductor::test
