#pragma once

#include "adapters/cli/client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace conductor::cli {

/// Hears of requests as they end, by asking the node again and again.
class ended_requests {
public:
  /// Those that ended since the last time, the first one first; at the first time those
  /// that the node still knows.
  std::vector<nlohmann::json> news(client& node);

  /// At the last time the node no longer knew all that had ended.
  bool missed() const noexcept { return missed_; }

private:
  using key = std::pair<std::string, std::string>; // id and time
  std::set<key> known_;
  bool missed_ = false;
};

} // namespace conductor::cli
