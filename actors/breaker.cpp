#include "actors/breaker.hpp"

#include <algorithm>
#include <cstddef>

namespace conductor {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using seconds = std::chrono::duration<double>;

constexpr nanoseconds window = 10s;
constexpr std::size_t fewest = 3;
constexpr std::size_t most_kept = 1024;
constexpr nanoseconds first_pause = 1s;
constexpr nanoseconds longest_pause = 1min;

} // namespace

void breaker::failed(time_point now, std::uint64_t successes) {
  // Nobody tells when those before the first failure were: they count as recent.
  const auto before = last_.value_or(now);
  last_ = now;
  if (until_) {
    // Without a trial it is one that was under way before, and tells nothing new.
    if (trial_)
      open(now, std::min(pause_ * 2, longest_pause));
    return;
  }
  failures_.push_back({before, now, successes});
  successes_ += successes;
  while (failures_.size() > most_kept || failures_.front().at <= now - window)
    drop_oldest();
  if (trips(now))
    open(now, first_pause);
}

void breaker::drop_oldest() {
  successes_ -= failures_.front().successes;
  failures_.pop_front();
}

bool breaker::trips(time_point now) const {
  if (failures_.size() < fewest)
    return false;
  // The oldest may tell of an hour in which all went well; of that only the end counts.
  const auto& oldest = failures_.front();
  const auto start = now - window;
  const seconds outside = std::max(oldest.before, start) - oldest.before;
  const auto old = outside > seconds::zero()
                       ? outside / seconds(oldest.at - oldest.before) *
                             static_cast<double>(oldest.successes)
                       : 0.0;
  return static_cast<double>(failures_.size()) >= static_cast<double>(successes_) - old;
}

void breaker::open(time_point now, nanoseconds pause) {
  failures_.clear();
  successes_ = 0;
  pause_ = pause;
  until_ = now + pause;
  trial_ = false;
}

bool breaker::may_try(time_point now) const {
  return !until_ || (now >= *until_ && !trial_);
}

void breaker::trying() {
  trial_ = until_.has_value();
}

void breaker::succeeded() {
  until_.reset();
  trial_ = false;
}

void breaker::released() {
  trial_ = false;
}

std::optional<breaker::time_point> breaker::until() const {
  return until_;
}

} // namespace conductor
