#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <utility>

namespace conductor::simulation {

using time_point = std::chrono::steady_clock::time_point;
using seconds = std::chrono::duration<double>;

inline std::chrono::nanoseconds in_ns(double s) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(s * 1e9));
}
inline double in_s(std::chrono::nanoseconds ns) {
  return seconds(ns).count();
}

/// What will happen in the world around the node, in virtual time. Events of the same
/// moment happen in the order in which they were planned.
class timeline {
public:
  explicit timeline(time_point start) : now_(start), start_(start) {}

  time_point now() const { return now_; }
  double elapsed() const { return in_s(now_ - start_); } ///< seconds since the start
  void in(double s, std::function<void()> what) {
    events_.emplace(now_ + in_ns(s), std::move(what));
  }
  std::optional<time_point> next() const {
    return events_.empty() ? std::nullopt : std::optional{events_.begin()->first};
  }
  void move_to(time_point t) { now_ = t; }
  /// The next thing that is due happens; false: none is.
  bool happen() {
    if (events_.empty() || events_.begin()->first > now_)
      return false;
    events_.extract(events_.begin()).mapped()();
    return true;
  }

private:
  time_point now_;
  time_point start_;
  std::multimap<time_point, std::function<void()>> events_;
};

/// Chance, the same for the same seed on every machine.
class dice {
public:
  explicit dice(std::uint64_t seed) : bits_(seed) {}

  double uniform() { // from 0 up to, but not, 1
    return static_cast<double>(bits_() >> 11) * 0x1.0p-53;
  }
  double between(double least, double most) { return least + (most - least) * uniform(); }
  double exponential(double mean) { return -mean * std::log(1 - uniform()); }
  bool chance(double p) { return uniform() < p; }
  std::size_t below(std::size_t n) {
    return static_cast<std::size_t>(uniform() * static_cast<double>(n));
  }
  std::uint64_t seed() { return bits_(); }
  template <class Container>
  const auto& one_of(const Container& all) {
    return all[below(all.size())];
  }

private:
  std::mt19937_64 bits_;
};

} // namespace conductor::simulation
