#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace conductor {

/// A number that only grows. One thread writes it, any may read it; neither locks.
class count_cell {
public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// One observation that somebody can look up: the trace that it was made in.
struct exemplar {
  std::uint64_t trace_high = 0;
  std::uint64_t trace_low = 0; ///< both 0: there is none
  double value = 0;
  std::int64_t at_ns = 0; ///< since 1970, UTC
};

/// A place for the last exemplar; one thread writes it, any may read it, and reads a
/// whole one or none.
class exemplar_cell {
public:
  void put(const exemplar& e) noexcept;
  exemplar get() const noexcept;

private:
  std::atomic<std::uint32_t> version_{0}; // odd while it is written
  std::array<std::atomic<std::uint64_t>, 4> words_{};
};

/// What a histogram held when it was looked at. Bounds in the unit of its name.
struct histogram_reading {
  std::span<const double> bounds;
  std::vector<std::uint64_t> counts; ///< by bucket, not cumulated; the last has no bound
  double sum = 0;
  std::vector<exemplar> exemplars; ///< by bucket; empty: it keeps none

  void add(const histogram_reading& other);
};

/// Counts observations by size. One thread writes it, any may read it; neither locks. A
/// reading may miss the observation of this moment in its sum.
class histogram_cell {
public:
  /// `bounds` lives as long: each is the upper one of its bucket, the smallest first.
  explicit histogram_cell(std::span<const double> bounds, bool keeps_exemplars = false);

  void observe(double value) noexcept { put(bucket_of(value), value); }
  void observe(double value, const exemplar& e) noexcept;
  histogram_reading read() const;
  std::span<const double> bounds() const noexcept { return bounds_; }

private:
  std::size_t bucket_of(double value) const noexcept {
    return static_cast<std::size_t>(
        std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin());
  }
  void put(std::size_t bucket, double value) noexcept {
    counts_[bucket].add();
    sum_.store(sum_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  }

  std::span<const double> bounds_;
  std::unique_ptr<count_cell[]> counts_;
  std::unique_ptr<exemplar_cell[]> exemplars_;
  std::atomic<double> sum_{0};
};

/// Things that one thread adds and any may look through; none ever leaves.
template <class T>
class growing_list {
public:
  growing_list() = default;
  growing_list(const growing_list&) = delete;
  growing_list& operator=(const growing_list&) = delete;
  ~growing_list() {
    for (auto* n = first_.load(std::memory_order_relaxed); n != nullptr;)
      delete std::exchange(n, n->next);
  }

  /// Its thread only.
  template <class... Args>
  T& add(Args&&... args) {
    auto* n =
        new node{first_.load(std::memory_order_relaxed), T(std::forward<Args>(args)...)};
    first_.store(n, std::memory_order_release);
    ++size_;
    return n->value;
  }
  /// The last one that `is`; null: none.
  template <class Is>
  T* find(Is&& is) {
    for (auto* n = first_.load(std::memory_order_relaxed); n != nullptr; n = n->next)
      if (is(n->value))
        return &n->value;
    return nullptr;
  }
  /// Its thread only.
  std::size_t size() const noexcept { return size_; }
  template <class F>
  void each(F&& f) const {
    for (const auto* n = first_.load(std::memory_order_acquire); n != nullptr;
         n = n->next)
      f(n->value);
  }

private:
  struct node {
    node* next;
    T value;
  };
  std::atomic<node*> first_{nullptr};
  std::size_t size_ = 0;
};

} // namespace conductor
