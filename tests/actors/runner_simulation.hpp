#pragma once

#include "actors/capacity.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <utility>

namespace conductor::test {

/// Some clients that always want an answer, a capacity that says how many are granted,
/// and a runner that gives `places` answers at once, first come, first served.
class runner_simulation {
public:
  using nanoseconds = std::chrono::nanoseconds;
  using time_point = capacity::time_point;

  struct load {
    unsigned clients = 32;
    nanoseconds prompt{}; ///< on average; half to one and a half times that
    nanoseconds answer{}; ///< on average, from the first record; 0.2 to 1.8 times that
    nanoseconds late{};   ///< on average, from an end until it is told
  };

  runner_simulation(unsigned places, load l, unsigned seed)
      : places(places), wanted_(l), random_(seed) {
    at({}, [this] { look(); });
  }

  void run_for(nanoseconds time) {
    const auto until = now + time;
    grant();
    while (!events_.empty() && events_.begin()->first <= until) {
      auto event = events_.extract(events_.begin());
      now = event.key();
      event.mapped()();
      grant();
      if (in_flight > places)
        most_waiting = std::max(most_waiting, in_flight - places);
    }
    now = until;
  }

  void restart(unsigned new_places) {
    places = new_places;
    ++life_;
    waiting_.clear();
    busy_ = in_flight = 0;
    what.forget();
  }

  unsigned places;
  time_point now{};
  capacity what;
  unsigned in_flight = 0;
  unsigned most_waiting = 0; ///< inside the runner, at once
  unsigned answered = 0;
  unsigned lowest = 1'000'000; ///< limit

private:
  void at(nanoseconds in, std::function<void()> what_then) {
    events_.emplace(now + in, std::move(what_then));
  }
  nanoseconds around(nanoseconds mean, double spread) {
    std::uniform_real_distribution<double> by(1 - spread, 1 + spread);
    return nanoseconds(
        static_cast<std::int64_t>(static_cast<double>(mean.count()) * by(random_)));
  }
  void look() {
    if (what.watching())
      what.look(in_flight, now);
    at(std::chrono::milliseconds(50), [this] { look(); });
  }
  void grant() {
    lowest = std::min(lowest, what.limit());
    while (in_flight < std::min(wanted_.clients, what.limit())) {
      const auto id = ++last_;
      watched_[id] = what.granted(id, ++in_flight, now);
      waiting_.push_back(id);
    }
    while (busy_ < places && !waiting_.empty()) {
      start(waiting_.front());
      waiting_.pop_front();
    }
  }
  void start(std::uint64_t id) {
    ++busy_;
    const auto prompt = around(wanted_.prompt, 0.5);
    const auto all = prompt + around(wanted_.answer, 0.8);
    const auto life = life_;
    at(prompt, [this, id, life] {
      if (life == life_ && watched_[id])
        what.began(id, now);
    });
    at(all, [this, id, life] {
      if (life != life_)
        return;
      --busy_;
      at(around(wanted_.late, 1), [this, id, life] {
        if (life != life_)
          return;
        what.ended(id, now);
        watched_.erase(id);
        --in_flight;
        ++answered;
      });
    });
  }

  load wanted_;
  std::mt19937 random_;
  std::multimap<time_point, std::function<void()>> events_;
  std::map<std::uint64_t, bool> watched_;
  std::deque<std::uint64_t> waiting_;
  std::uint64_t last_ = 0;
  unsigned busy_ = 0;
  unsigned life_ = 0;
};

} // namespace conductor::test
