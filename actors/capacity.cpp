#include "actors/capacity.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr unsigned first_limit = 4;
constexpr unsigned highest_limit = 4096;
constexpr nanoseconds shortest_bound = 100ms; // a wait below it harms nobody
constexpr int bound_in_means = 4;
constexpr double newest = 0.2; // weight in a mean
// Requests on several connections may arrive in another order than they were sent.
constexpr nanoseconds order_slack = 50ms;
constexpr nanoseconds settled_after = 10ms;
constexpr unsigned enough_tries = 8;
constexpr unsigned enough_of_a_crowd = 32;
constexpr unsigned enough_at_once = 32;
constexpr nanoseconds calm_for = 1s;
constexpr nanoseconds long_wait = 1s;
constexpr nanoseconds first_cool_down = 30s;
constexpr nanoseconds longest_cool_down = 10min;
constexpr nanoseconds after_success = 1s;

nanoseconds scaled(nanoseconds value, double by) {
  return nanoseconds(static_cast<std::int64_t>(static_cast<double>(value.count()) * by));
}

nanoseconds moved(nanoseconds mean, nanoseconds sample) {
  return mean + scaled(sample - mean, newest);
}

} // namespace

capacity::capacity(std::optional<unsigned> configured)
    : configured_(configured)
    , limit_(configured.value_or(first_limit))
    , cool_down_(first_cool_down) {}

void capacity::forget() {
  *this = capacity(configured_);
}

void capacity::start_slowly() {
  forget();
  if (configured_)
    limit_ = 1;
}

nanoseconds capacity::bound() const {
  return std::max(shortest_bound, bound_in_means * mean_.value_or(0ns));
}

/// One that was granted clearly later has begun: it is this one's prompt that takes long.
bool capacity::holds_place(const watch& w) const {
  return w.granted + order_slack <= newest_begun_;
}

bool capacity::calm() const {
  return calm_until_ && !learned_;
}

/// How many of those have a place in Ollama: all but who may wait for one.
unsigned capacity::holding(unsigned running) const {
  const auto unsure =
      std::count_if(waiting_.begin(), waiting_.end(),
                    [&](const auto& entry) { return !holds_place(entry.second); });
  return running - std::min(running, static_cast<unsigned>(unsure) +
                                         static_cast<unsigned>(unseen_.size()));
}

bool capacity::granted(std::uint64_t id, unsigned running, time_point now) {
  if (configured_)
    return limit_ < *configured_;
  settle(now);
  running_ = running;
  if (learned_ && running >= limit_)
    doubt_finding(now);
  const bool proven = running <= proven_;
  answers_[id] = proven ? now : time_point::max();
  if (proven)
    return false;
  if (calm() && running < limit_) { // at the limit it is to be seen whether more fit
    unseen_.insert(id);
    return false;
  }
  waiting_[id] = {now, running, ends_, false};
  return true;
}

void capacity::doubt_finding(time_point now) {
  if (doubt_ == doubt::none && now >= doubt_at_) {
    doubt_ = doubt::of_limit;
    tries_ = 0;
    proven_ = std::min(proven_, limit_ - 1);
  } else if (doubt_ == doubt::settled && limit_ < highest_limit) {
    doubt_ = doubt::of_more;
    tries_ = 0;
    proven_ = limit_++;
  }
}

void capacity::began(std::uint64_t id, time_point now) {
  if (configured_) {
    limit_ = std::min(limit_ * 2, *configured_);
    return;
  }
  settle(now);
  const auto found = waiting_.extract(id);
  if (!found)
    return;
  const auto& w = found.mapped();
  const auto delay = now - w.granted;
  const bool late = delay > bound();
  const bool others_run = running_ > waiting_.size() + unseen_.size() + 1;
  answers_[id] = now;
  if (w.from_grant) {
    newest_begun_ = std::max(newest_begun_, w.granted);
    at_once_ = delay <= shortest_bound ? at_once_ + 1 : 0;
    if (at_once_ >= enough_at_once && !calm_until_)
      calm_until_ = now + calm_for;
  }
  const auto places = holding(static_cast<unsigned>(answers_.size()));
  findings_.push_back({id, now, ends_, places, delay, w});
  // Only an end makes room: without one it has not waited, however late it is.
  const bool may_have_waited =
      w.running > std::max(proven_, places) && w.ends != ends_ && !w.suspected;
  if (may_have_waited && ((late && others_run) || crowded(w, delay))) {
    waits_inside(now);
    return;
  }
  weigh_doubt(w, now);
  if (!learned_ && w.from_grant && w.running >= limit_ && delay <= shortest_bound)
    limit_ = std::min(limit_ * 2, highest_limit);
}

/// An end may be told a moment after the beginning for which it made room, so what a
/// beginning says counts when that moment has passed.
void capacity::settle(time_point now) {
  while (!findings_.empty() && findings_.front().at + settled_after <= now) {
    const auto f = findings_.front();
    findings_.pop_front();
    if (f.of.from_grant)
      learn_delay(f.delay, f.of.running == 1 || f.of.ends == ends_);
    const auto ended = static_cast<unsigned>(ends_ - f.ends);
    if (f.places > proven_ + ended)
      prove(f.places - ended, now);
    // The bound follows the mean, so it does not tell short waits from long prompts:
    // without that many places a limit beyond would make both longer.
    if (!learned_ && f.of.from_grant && !f.of.suspected && f.of.running >= limit_ &&
        proven_ > limit_ / 2)
      limit_ = std::min(limit_ * 2, highest_limit);
  }
}

/// A wait would make the mean longer, so only what cannot have waited may do that.
void capacity::learn_delay(nanoseconds delay, bool waited_for_nobody) {
  if (!mean_)
    mean_ = delay;
  else if (waited_for_nobody || delay < *mean_ / 2)
    mean_ = moved(*mean_, delay);
}

void capacity::prove(unsigned places, time_point now) {
  proven_ = places;
  crowd_ = 0;
  if (proven_ > limit_) { // the finding was wrong
    limit_ = std::min(proven_, highest_limit);
    learned_ = false;
    doubt_ = doubt::none;
  }
  if (proven_ < limit_)
    return;
  if (!learned_) {
    limit_ = std::min(limit_ * 2, highest_limit);
  } else if (doubt_ == doubt::of_limit) {
    doubt_ = doubt::settled;
  } else if (doubt_ == doubt::of_more) {
    cool_down_ = first_cool_down;
    rest_until(now + after_success); // where one more fits there may be many
  }
}

/// Where prompts take longer than answers the bound finds nothing. But many that are all
/// slower than those that waited for nobody tell as much as one that is very late, if
/// never half of them were seen to have a place.
bool capacity::crowded(const watch& w, nanoseconds delay) {
  if (!mean_ || w.running < 2 * proven_)
    return false;
  crowd_mean_ = crowd_ == 0 ? delay : moved(crowd_mean_, delay);
  ++crowd_;
  return crowd_ >= enough_of_a_crowd && crowd_mean_ > long_wait &&
         crowd_mean_ > scaled(*mean_, 1.5);
}

void capacity::weigh_doubt(const watch& w, time_point now) {
  const bool open = doubt_ == doubt::of_limit || doubt_ == doubt::of_more;
  if (!open || w.running < limit_ || ++tries_ < enough_tries)
    return;
  if (doubt_ == doubt::of_limit)
    doubt_ = doubt::settled; // nobody was late
  else
    waits_inside(now);
}

void capacity::ended(std::uint64_t id, time_point now) {
  const auto it = answers_.find(id);
  if (it == answers_.end())
    return;
  settle(now);
  const auto since = it->second;
  // Who waited for this end is overdue now, or nobody will know it.
  suspect(now, since);
  answers_.erase(it);
  waiting_.erase(id);
  unseen_.erase(id);
  running_ -= std::min(running_, 1u);
  ++ends_;
  // Its own end says nothing against what its beginning said.
  for (auto f = findings_.rbegin(); f != findings_.rend() && f->at >= since; ++f)
    if (f->id == id) {
      ++f->ends;
      ++f->of.ends;
      break;
    }
}

bool capacity::look(unsigned running, time_point now) {
  if (configured_)
    return false;
  const auto was = limit_;
  settle(now);
  running_ = running;
  suspect(now, time_point::min());
  return limit_ != was;
}

bool capacity::calm_ended(time_point now) {
  if (!calm_until_ || (calm() && now < *calm_until_))
    return false;
  calm_until_.reset();
  at_once_ = 0;
  for (const auto id : std::exchange(unseen_, {}))
    waiting_[id] = {now, running_, ends_, false, false};
  return true;
}

bool capacity::watching() const {
  return calm_until_ || !findings_.empty() ||
         std::any_of(waiting_.begin(), waiting_.end(),
                     [](const auto& entry) { return !entry.second.suspected; });
}

/// Those that are overdue; `other_began` when one did that has not ended.
void capacity::suspect(time_point now, time_point other_began) {
  if (running_ <= waiting_.size() + unseen_.size())
    return; // nothing else runs, as far as is known: a long prompt
  const auto patience = bound();
  bool found = false;
  for (auto& [id, w] : waiting_) {
    const auto due = w.granted + patience;
    if (w.suspected || w.running <= proven_ || holds_place(w) || due >= now ||
        other_began > due)
      continue;
    w.suspected = found = true;
  }
  if (found)
    waits_inside(now);
}

void capacity::waits_inside(time_point now) {
  const auto was = limit_;
  const auto places = doubt_ == doubt::of_more ? proven_ : holding(running_);
  limit_ = std::min(was, std::max({1u, proven_, places}));
  proven_ = limit_;
  crowd_ = 0;
  const bool news = !learned_ || limit_ != was;
  if (doubt_ == doubt::of_more)
    cool_down_ = std::min(cool_down_ * 2, longest_cool_down);
  else if (news)
    cool_down_ = first_cool_down;
  if (doubt_ != doubt::none || news)
    rest_until(now + cool_down_);
  learned_ = true;
}

void capacity::rest_until(time_point then) {
  doubt_ = doubt::none;
  doubt_at_ = then;
}

} // namespace conductor
