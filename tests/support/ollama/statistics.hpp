#pragma once

#include "tests/support/ollama/http_request.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace conductor::test {

/// A request as it arrived.
struct seen_request {
  std::string route; ///< the pattern, as `/api/blobs/:digest`; empty: none matched
  std::uint64_t connection = 0; ///< counts connections from 1
  http_request head;            ///< with its raw bytes
  std::string body;             ///< without chunk framing; empty for blobs
};

/// What the server saw so far. "Answers" are requests to a model that carry a prompt.
struct counts {
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t requests = 0;         ///< on every route
  std::uint64_t answers = 0;          ///< asked for
  std::uint64_t answers_finished = 0; ///< sent to their end, errors included
  std::uint64_t cancels = 0;          ///< the client was gone before the end, any route
  std::uint64_t in_flight = 0;        ///< answers, in whatever phase
  std::uint64_t max_in_flight = 0;
  std::uint64_t waiting = 0; ///< in Ollama's hidden queues: for a load or a place
  std::uint64_t max_waiting = 0;
  std::uint64_t generating = 0; ///< answers that hold a place at their model
  std::uint64_t max_generating = 0;
  std::uint64_t open_streams = 0; ///< first record sent, end not yet
  std::uint64_t records = 0;      ///< sent, in streams
  std::uint64_t loads = 0;        ///< begun
  std::uint64_t load_aborts = 0;  ///< the client left
  std::uint64_t unloads = 0;
  std::uint64_t prompt_tokens = 0;        ///< of answers, where prompts take time
  std::uint64_t prompt_tokens_cached = 0; ///< of these, found in their slot
  std::map<std::string, std::uint64_t, std::less<>> by_route; ///< requests
};

/// The counts, and the last requests. Safe from every thread.
class statistics {
public:
  explicit statistics(std::size_t keep_requests);

  /// Changes the counts and wakes who waits for them.
  template <class Change>
  void update(Change&& change) {
    std::lock_guard lock(mutex_);
    change(counts_);
    if (watchers_ > 0)
      changed_.notify_all();
  }

  void saw(seen_request request);

  counts now() const;
  std::vector<seen_request> requests() const;

  /// Forgets; what is open or in flight stays counted.
  void reset();

  /// Waits until the counts satisfy `enough`; empty, or `what` was not seen and the
  /// counts.
  std::string wait_for(const std::string& what, std::chrono::milliseconds timeout,
                       const std::function<bool(const counts&)>& enough) const;

private:
  std::size_t keep_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable unsigned watchers_ = 0;
  counts counts_;
  std::deque<seen_request> requests_;
};

/// The counts as JSON.
std::string to_json(const counts& c);

/// Adds one to a gauge, and takes it away at its end.
class counted {
public:
  using gauge = std::uint64_t counts::*;

  counted() = default;
  counted(statistics& in, gauge value, gauge highest = nullptr);
  counted(counted&& other) noexcept
      : in_(std::exchange(other.in_, nullptr)), value_(other.value_) {}
  counted& operator=(counted&& other) noexcept;
  ~counted();

private:
  statistics* in_ = nullptr;
  gauge value_ = nullptr;
};

} // namespace conductor::test
