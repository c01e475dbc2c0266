#include "tests/simulation/ollama.hpp"

#include <algorithm>
#include <utility>

namespace conductor::simulation {
namespace {

using stage = visit::stage;

constexpr std::size_t max_queue = 512; // OLLAMA_MAX_QUEUE

} // namespace

/// One load at a time; who waits for one waits for all before it.
void ollama::load_next() {
  while (pending_.size() > max_queue) {
    const auto last = pending_.back();
    pending_.pop_back();
    refuse(last, 503,
           "server busy, please try again.  maximum pending requests exceeded\n");
  }
  while (!loading_ && !pending_.empty()) {
    const auto v = pending_.front();
    const auto* f = facts(v->what.model);
    if (v->at == stage::over || !v->who || f == nullptr) {
      pending_.pop_front();
      continue;
    }
    if (const auto m = in_memory_.find(f->blob); m != in_memory_.end()) {
      if (m->second->options == v->what.options) {
        pending_.pop_front();
        enter(m->second, v);
        continue;
      }
      if (!m->second->all.empty())
        return; // until it is idle
      ++figures_.reloads;
      unload(m->second);
    }
    if (!make_room(*f))
      return;
    pending_.pop_front();
    loading_ = v;
    ++figures_.loads;
    if (!v->what.by_node)
      ++figures_.stray_loads;
    later(f->load_s * slow_, [this, v, number = ++load_number_] {
      if (number == load_number_ && loading_ == v)
        loaded(v);
    });
  }
}

/// False: what is in memory is in use.
bool ollama::make_room(const model_facts& f) {
  for (;;) {
    double used = f.size;
    for (const auto& [blob, m] : in_memory_)
      used += m->facts.size;
    if (used <= plan_.memory && in_memory_.size() < plan_.max_loaded)
      return true;
    home_ptr least;
    for (const auto& [blob, m] : in_memory_)
      if (m->all.empty() && (!least || m->expires_s < least->expires_s))
        least = m;
    if (!least)
      return in_memory_.empty();
    ++figures_.evictions;
    unload(least);
  }
}

void ollama::unload(const home_ptr& m) {
  m->gone = true;
  in_memory_.erase(m->facts.blob);
}

void ollama::loaded(const visit_ptr& v) {
  loading_ = nullptr;
  const auto* f = facts(v->what.model);
  if (random_.chance(bad_loads_)) {
    refuse(v, 500, "llama-server process has terminated: exit status 2\n");
    load_next();
    return;
  }
  auto m = std::make_shared<visit::home>();
  homes_.push_back(m);
  m->facts = *f;
  m->name = v->what.model;
  m->options = v->what.options;
  in_memory_[f->blob] = m;
  v->used.load_ns = static_cast<std::uint64_t>(f->load_s * slow_ * 1e9);
  enter(m, v);
  load_next();
}

/// If nobody is at it any longer, it waits for the next one for a while.
void ollama::idle(const home_ptr& m) {
  if (m->gone || !m->all.empty())
    return;
  m->expires_s = time_.elapsed() + plan_.keep_alive_s;
  const auto rests = ++m->rests;
  if (m->leaves)
    unload(m);
  else
    later(plan_.keep_alive_s, [this, m, rests] {
      if (!m->gone && m->all.empty() && m->rests == rests) {
        unload(m);
        load_next();
      }
    });
  load_next();
}

void ollama::die() {
  alive_ = false;
  frozen_ = false;
  ++life_;
  deferred_.clear();
  for (auto& [blob, m] : in_memory_)
    m->gone = true;
  in_memory_.clear();
  pending_.clear();
  loading_ = nullptr;
  for (auto& v : std::exchange(all_, {})) {
    v->at = stage::over;
    if (auto who = std::exchange(v->who, nullptr))
      who->lost(!v->has_head && random_.chance(0.2) ? errc::stale_connection
                                                    : errc::upstream_lost,
                "it died");
  }
}

void ollama::start(unsigned places, std::vector<model_facts> has) {
  ++life_;
  alive_ = true;
  plan_.places = places;
  plan_.has = std::move(has);
  auto known = std::make_shared<inventory>();
  for (const auto& f : plan_.has)
    known->models.push_back(
        {f.name, "digest of " + f.name, f.blob, {"completion"}, false});
  inventory_ = std::move(known);
  ++version_;
}

void ollama::freeze(bool probes_too) {
  frozen_ = true;
  deaf_ = probes_too;
}

void ollama::thaw() {
  frozen_ = false;
  for (auto& what : std::exchange(deferred_, {}))
    later(0, std::move(what));
}

void ollama::crash() {
  for (auto& [blob, found] : in_memory_) {
    if (found->all.empty())
      continue;
    const auto m = found;
    unload(m);
    for (const auto& v : std::exchange(m->all, {})) {
      v->at = stage::over;
      all_.remove(v);
      auto who = std::exchange(v->who, nullptr);
      if (!who)
        continue;
      if (!v->has_head)
        who->head(500);
      who->record("{\"error\":\"model runner has unexpectedly stopped\"}\n");
      who->end({});
    }
    load_next();
    return;
  }
}

} // namespace conductor::simulation
