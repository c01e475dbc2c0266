#include "adapters/cells/cells.hpp"

#include <bit>

namespace conductor {

void exemplar_cell::put(const exemplar& e) noexcept {
  const auto v = version_.load(std::memory_order_relaxed);
  version_.store(v + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  words_[0].store(e.trace_high, std::memory_order_relaxed);
  words_[1].store(e.trace_low, std::memory_order_relaxed);
  words_[2].store(std::bit_cast<std::uint64_t>(e.value), std::memory_order_relaxed);
  words_[3].store(static_cast<std::uint64_t>(e.at_ns), std::memory_order_relaxed);
  version_.store(v + 2, std::memory_order_release);
}

exemplar exemplar_cell::get() const noexcept {
  const auto before = version_.load(std::memory_order_acquire);
  const exemplar e{words_[0].load(std::memory_order_relaxed),
                   words_[1].load(std::memory_order_relaxed),
                   std::bit_cast<double>(words_[2].load(std::memory_order_relaxed)),
                   static_cast<std::int64_t>(words_[3].load(std::memory_order_relaxed))};
  std::atomic_thread_fence(std::memory_order_acquire);
  const bool whole =
      before % 2 == 0 && before == version_.load(std::memory_order_relaxed);
  return whole ? e : exemplar{};
}

void histogram_reading::add(const histogram_reading& other) {
  if (bounds.empty())
    bounds = other.bounds;
  counts.resize(std::max(counts.size(), other.counts.size()));
  for (std::size_t i = 0; i < other.counts.size(); ++i)
    counts[i] += other.counts[i];
  sum += other.sum;
  exemplars.resize(std::max(exemplars.size(), other.exemplars.size()));
  for (std::size_t i = 0; i < other.exemplars.size(); ++i)
    if (other.exemplars[i].at_ns > exemplars[i].at_ns)
      exemplars[i] = other.exemplars[i];
}

histogram_cell::histogram_cell(std::span<const double> bounds, bool keeps_exemplars)
    : bounds_(bounds), counts_(std::make_unique<count_cell[]>(bounds.size() + 1)) {
  if (keeps_exemplars)
    exemplars_ = std::make_unique<exemplar_cell[]>(bounds.size() + 1);
}

void histogram_cell::observe(double value, const exemplar& e) noexcept {
  const auto bucket = bucket_of(value);
  put(bucket, value);
  if (exemplars_)
    exemplars_[bucket].put(e);
}

histogram_reading histogram_cell::read() const {
  histogram_reading r;
  r.bounds = bounds_;
  r.counts.resize(bounds_.size() + 1);
  if (exemplars_)
    r.exemplars.resize(bounds_.size() + 1);
  for (std::size_t i = 0; i <= bounds_.size(); ++i) {
    r.counts[i] = counts_[i].value();
    if (exemplars_)
      r.exemplars[i] = exemplars_[i].get();
  }
  r.sum = sum_.load(std::memory_order_relaxed);
  return r;
}

} // namespace conductor
