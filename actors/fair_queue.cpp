#include "actors/fair_queue.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace conductor {
namespace {

auto find_flow(auto& turns, const std::string& name) {
  return std::find_if(turns.begin(), turns.end(),
                      [&](const auto& f) { return f.name == name; });
}

auto find_ticket(auto& waiting, std::uint64_t id) {
  return std::find_if(waiting.begin(), waiting.end(),
                      [&](const auto& t) { return t.id == id; });
}

} // namespace

void fair_queue::push(ticket t) {
  bytes_ += t.bytes;
  cost_ += t.cost;
  const auto in = static_cast<std::size_t>(t.priority);
  insert(in, std::move(t));
}

void fair_queue::insert(std::size_t in, ticket t) {
  auto& l = lines_[in];
  where_[t.id] = {in, t.flow};
  auto f = find_flow(l.turns, t.flow);
  if (f == l.turns.end()) {
    flow_line fresh{t.flow, 0, {}};
    if (const auto debt = l.debts.extract(t.flow))
      fresh.deficit = std::min(0.0, owed(l, debt.mapped()));
    f = l.turns.insert(l.turns.end(), std::move(fresh));
  }
  // Who rises may have waited longer than those who are there.
  const auto at =
      std::find_if(f->waiting.rbegin(), f->waiting.rend(),
                   [&](const ticket& other) { return other.since <= t.since; });
  f->waiting.insert(at.base(), std::move(t));
}

void fair_queue::leave(line& l, std::list<flow_line>::iterator f) {
  // Also when it owes nothing yet: who was served is about to be charged.
  l.debts[f->name] = {std::min(0.0, f->deficit), l.rounds};
  l.turns.erase(f);
  if (l.turns.empty()) // nobody was kept waiting: nothing is owed
    l.debts.clear();
}

void fair_queue::forget(const ticket& t) {
  bytes_ -= t.bytes;
  cost_ -= t.cost;
  where_.erase(t.id);
}

bool fair_queue::erase(std::uint64_t id) {
  const auto known = where_.find(id);
  if (known == where_.end())
    return false;
  auto& l = lines_[known->second.line];
  const auto f = find_flow(l.turns, known->second.flow);
  const auto t = find_ticket(f->waiting, id);
  forget(*t);
  f->waiting.erase(t);
  if (f->waiting.empty())
    leave(l, f);
  return true;
}

void fair_queue::rise(time_point now) {
  for (auto i = lines_.size() - 1; i > 0; --i) {
    auto& l = lines_[i];
    for (auto f = l.turns.begin(); f != l.turns.end();) {
      const auto here = f++;
      while (!here->waiting.empty()) {
        const auto& first = here->waiting.front();
        const auto classes = static_cast<std::size_t>(first.priority) - i + 1;
        if (first.since + ageing_ * static_cast<std::int64_t>(classes) > now)
          break;
        auto t = std::move(here->waiting.front());
        here->waiting.pop_front();
        insert(i - 1, std::move(t));
      }
      if (here->waiting.empty())
        leave(l, here);
    }
  }
}

/// A credit that is not used grows to no more than one turn's.
void fair_queue::top_up(line& l, double rounds) {
  l.rounds += static_cast<std::uint64_t>(rounds);
  for (auto& f : l.turns)
    f.deficit = std::min(f.deficit + rounds * quantum_, quantum_);
  // What is paid is forgotten, so that debts stay few however many flows there were.
  std::erase_if(l.debts, [&](const auto& debt) { return owed(l, debt.second) >= 0; });
}

fair_queue::seconds
fair_queue::owed(const line& l, const std::pair<seconds, std::uint64_t>& debt) const {
  return debt.first + static_cast<double>(l.rounds - debt.second) * quantum_;
}

std::optional<std::uint64_t> fair_queue::take(time_point now, const fits& fit) {
  rise(now);
  std::uint64_t asked = 0; // about whom last
  const auto fits_now = [&](const ticket& one) {
    asked = one.id;
    return fit(one);
  };
  for (auto& l : lines_) {
    auto best = l.turns.end();
    std::list<ticket>::iterator chosen;
    for (auto f = l.turns.begin(); f != l.turns.end(); ++f) {
      if (best != l.turns.end() && f->deficit <= best->deficit)
        continue; // could not be chosen
      const auto t = std::find_if(f->waiting.begin(), f->waiting.end(), fits_now);
      if (t == f->waiting.end())
        continue;
      best = f;
      chosen = t;
      if (f->deficit >= 0)
        break; // the first in turn that owes nothing
    }
    if (best == l.turns.end())
      continue;
    // A load begun for one that was asked about later may have taken its place.
    if (asked != chosen->id && !fits_now(*chosen))
      return take(now, fit);
    if (best->deficit < 0)
      top_up(l, std::ceil(-best->deficit / quantum_));
    const auto id = chosen->id;
    forget(*chosen);
    best->waiting.erase(chosen);
    l.turns.splice(l.turns.end(), l.turns, best);
    if (best->waiting.empty())
      leave(l, best);
    return id;
  }
  return std::nullopt;
}

void fair_queue::charge(const std::string& flow, priority_class priority, seconds cost) {
  const auto home = static_cast<std::size_t>(priority);
  // Who rose is served in a better class, and owes there too.
  for (std::size_t i = 0; i <= home; ++i) {
    auto& l = lines_[i];
    if (const auto f = find_flow(l.turns, flow); f != l.turns.end())
      f->deficit = std::min(f->deficit - cost, quantum_);
    else if (const auto debt = l.debts.find(flow); debt != l.debts.end())
      debt->second.first -= cost;
    else if (i == home && cost > 0 && !l.turns.empty())
      l.debts[flow] = {-cost, l.rounds};
  }
}

std::vector<std::uint64_t> fair_queue::older_than(time_point since) const {
  std::vector<std::uint64_t> all;
  for (const auto& l : lines_)
    for (const auto& f : l.turns)
      for (const auto& t : f.waiting)
        if (t.since <= since)
          all.push_back(t.id);
  return all;
}

std::vector<fair_queue::ticket> fair_queue::in_order() const {
  std::vector<ticket> all;
  all.reserve(where_.size());
  for (const auto& l : lines_) {
    std::vector<
        std::pair<std::list<ticket>::const_iterator, std::list<ticket>::const_iterator>>
        heads;
    for (const auto& f : l.turns)
      heads.emplace_back(f.waiting.begin(), f.waiting.end());
    for (bool more = true; more;) {
      more = false;
      for (auto& [at, end] : heads)
        if (at != end) {
          all.push_back(*at++);
          more = true;
        }
    }
  }
  return all;
}

std::array<class_load, 3> fair_queue::by_class() const {
  std::array<class_load, 3> all{};
  for (std::size_t i = 0; i < lines_.size(); ++i)
    for (const auto& f : lines_[i].turns) {
      ++all[i].flows;
      all[i].waiting += f.waiting.size();
      all[i].deficit_s = std::max(all[i].deficit_s, -f.deficit);
    }
  return all;
}

} // namespace conductor
