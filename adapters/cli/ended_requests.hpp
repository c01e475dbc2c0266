#pragma once

#include "adapters/cli/client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor::cli {

/// Hears of requests as they end, from what the node answers when it is asked for them
/// again and again.
class ended_requests {
public:
  /// The question.
  static request asking() { return {"GET", "/conductor/v1/requests?limit=1000"}; }

  /// Those that ended since the last answer, the first one first; in the first answer
  /// those that the node still knew.
  std::vector<nlohmann::json> news(std::string_view answer);

  /// At the last time the node no longer knew all that had ended.
  bool missed() const noexcept { return missed_; }

private:
  using key = std::pair<std::string, std::string>; // id and time
  std::set<key> known_;
  bool missed_ = false;
};

} // namespace conductor::cli
