#include "tests/support/ollama/statistics.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace conductor::test {

statistics::statistics(std::size_t keep_requests) : keep_(keep_requests) {}

void statistics::saw(seen_request request) {
  std::lock_guard lock(mutex_);
  ++counts_.requests;
  ++counts_.by_route.try_emplace(request.route).first->second;
  if (keep_ > 0) {
    if (requests_.size() == keep_)
      requests_.pop_front();
    requests_.push_back(std::move(request));
  }
  if (watchers_ > 0)
    changed_.notify_all();
}

counts statistics::now() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<seen_request> statistics::requests() const {
  std::lock_guard lock(mutex_);
  return {requests_.begin(), requests_.end()};
}

void statistics::reset() {
  std::lock_guard lock(mutex_);
  counts fresh;
  fresh.connections_open = counts_.connections_open;
  fresh.in_flight = fresh.max_in_flight = counts_.in_flight;
  fresh.waiting = fresh.max_waiting = counts_.waiting;
  fresh.generating = fresh.max_generating = counts_.generating;
  fresh.open_streams = counts_.open_streams;
  counts_ = std::move(fresh);
  requests_.clear();
}

std::string statistics::wait_for(const std::string& what,
                                 std::chrono::milliseconds timeout,
                                 const std::function<bool(const counts&)>& enough) const {
  std::unique_lock lock(mutex_);
  ++watchers_;
  auto met = changed_.wait_for(lock, timeout, [&] { return enough(counts_); });
  --watchers_;
  if (met)
    return {};
  return "waited " + std::to_string(timeout.count()) + " ms for " + what + "; saw " +
         to_json(counts_);
}

std::string to_json(const counts& c) {
  return nlohmann::ordered_json{
      {"connections_opened", c.connections_opened},
      {"connections_open", c.connections_open},
      {"requests", c.requests},
      {"answers", c.answers},
      {"answers_finished", c.answers_finished},
      {"cancels", c.cancels},
      {"in_flight", c.in_flight},
      {"max_in_flight", c.max_in_flight},
      {"waiting", c.waiting},
      {"max_waiting", c.max_waiting},
      {"generating", c.generating},
      {"max_generating", c.max_generating},
      {"open_streams", c.open_streams},
      {"records", c.records},
      {"loads", c.loads},
      {"load_aborts", c.load_aborts},
      {"unloads", c.unloads},
      {"prompt_tokens", c.prompt_tokens},
      {"prompt_tokens_cached", c.prompt_tokens_cached},
      {"by_route", c.by_route},
  }
      .dump();
}

counted::counted(statistics& in, gauge value, gauge highest) : in_(&in), value_(value) {
  in.update([&](counts& c) {
    ++(c.*value);
    if (highest)
      c.*highest = std::max(c.*highest, c.*value);
  });
}

counted& counted::operator=(counted&& other) noexcept {
  std::swap(in_, other.in_);
  std::swap(value_, other.value_);
  return *this;
}

counted::~counted() {
  if (in_)
    in_->update([this](counts& c) { --(c.*value_); });
}

} // namespace conductor::test
