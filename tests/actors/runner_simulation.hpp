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
/// and a runner that gives `places` answers at once, first come, first served. What is
/// not watched is kept for the next client until it is recalled, as DESK does.
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
      : places(places), wanted(l), random_(seed) {
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
    answers_.clear();
    busy_ = in_flight = 0;
    what.forget();
  }

  unsigned places;
  load wanted;
  time_point now{};
  capacity what;
  unsigned in_flight = 0;
  unsigned most_waiting = 0; ///< inside the runner, at once
  unsigned answered = 0;
  unsigned granted = 0;        ///< what was kept was granted once
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
    if (what.calm_ended(now)) {
      recalled_ = last_;
      for (auto& [id, a] : answers_) {
        if (!std::exchange(a.watched, true) && a.begun)
          what.began(id, now);
      }
    }
    at(std::chrono::milliseconds(50), [this] { look(); });
  }
  void grant() {
    lowest = std::min(lowest, what.limit());
    while (in_flight < std::min(wanted.clients, what.limit())) {
      const auto id = ++last_;
      answers_[id] = {what.granted(id, ++in_flight, now)};
      ++granted;
      waiting_.push_back(id);
    }
    while (busy_ < places && !waiting_.empty()) {
      start(waiting_.front());
      waiting_.pop_front();
    }
  }
  void start(std::uint64_t id) {
    ++busy_;
    const auto prompt = around(wanted.prompt, 0.5);
    const auto all = prompt + around(wanted.answer, 0.8);
    const auto life = life_;
    at(prompt, [this, id, life] {
      if (life != life_)
        return;
      auto& a = answers_[id];
      a.begun = true;
      if (a.watched)
        what.began(id, now);
    });
    at(all, [this, id, life] {
      if (life != life_)
        return;
      --busy_;
      at(around(wanted.late, 1), [this, id, life] {
        if (life != life_)
          return;
        ++answered;
        const bool nobody_waits = wanted.clients <= what.limit();
        if (!answers_[id].watched && id > recalled_ && nobody_waits) {
          answers_[id].begun = false;
          waiting_.push_back(id);
          return;
        }
        what.ended(id, now);
        answers_.erase(id);
        --in_flight;
      });
    });
  }

  std::mt19937 random_;
  std::multimap<time_point, std::function<void()>> events_;
  struct answer {
    bool watched = false;
    bool begun = false;
  };
  std::map<std::uint64_t, answer> answers_;
  std::deque<std::uint64_t> waiting_;
  std::uint64_t last_ = 0;
  std::uint64_t recalled_ = 0; ///< ids until then
  unsigned busy_ = 0;
  unsigned life_ = 0;
};

} // namespace conductor::test
