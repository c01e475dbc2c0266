#include "adapters/cli/retries.hpp"

#include "adapters/cli/failure.hpp"

#include <algorithm>

namespace conductor::cli {

namespace {

constexpr unsigned most = 8;
constexpr unsigned first_ms = 100, longest_ms = 5'000;

} // namespace

std::optional<std::chrono::milliseconds> retries::next() {
  if (made_ == most)
    return std::nullopt;
  auto whole = std::min(longest_ms, first_ms << made_++);
  std::uniform_int_distribution<unsigned> part(whole / 2, whole);
  return std::chrono::milliseconds(part(chance_));
}

reply fetch_surely(client& node, const request& what) {
  retries again(std::random_device{}());
  for (;;) {
    std::optional<std::chrono::milliseconds> pause;
    try {
      return node.fetch(what);
    } catch (const disconnection&) {
      pause = again.next();
      if (!pause)
        throw;
    }
    node.idle(*pause, [] {});
  }
}

std::string fresh_key() {
  static constexpr char digits[] = "0123456789abcdef";
  std::random_device chance;
  std::string key;
  for (int word = 0; word < 4; ++word) {
    auto bits = chance();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4)
      key += digits[bits & 15];
  }
  return key;
}

} // namespace conductor::cli
