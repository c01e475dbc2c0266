#pragma once

#include "adapters/cli/client.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

namespace conductor::cli {

/// How often, and after which pauses, something is tried again: eight times, each pause
/// up to twice as long as the one before, from 100 ms to 5 s, of which chance takes up to
/// a half so that clients do not come back all at once.
class retries {
public:
  explicit retries(std::uint32_t seed) : chance_(seed) {}

  /// The pause before the next attempt; empty: there is none.
  std::optional<std::chrono::milliseconds> next();

  /// An attempt got further: the next one is the first again.
  void start_over() { made_ = 0; }

private:
  std::minstd_rand chance_;
  unsigned made_ = 0;
};

/// fetch() that tries again when the connection is lost. What it asks for must be the
/// same when it is done twice, as with an Idempotency-Key.
reply fetch_surely(client& node, const request& what);

/// An Idempotency-Key that nobody else uses.
std::string fresh_key();

} // namespace conductor::cli
