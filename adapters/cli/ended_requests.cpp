#include "adapters/cli/ended_requests.hpp"

#include "adapters/cli/record.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace conductor::cli {

std::vector<nlohmann::json> ended_requests::news(std::string_view answer) {
  const auto told = parse_document(answer);
  std::vector<nlohmann::json> fresh;
  std::set<key> now;
  bool met = known_.empty();
  for (const auto& r : list_of(told, "requests")) {
    key k{text_of(r, "id"), text_of(r, "time")};
    if (known_.contains(k))
      met = true;
    else
      fresh.push_back(r);
    now.insert(std::move(k));
  }
  missed_ = !met && !fresh.empty();
  if (!now.empty())
    known_ = std::move(now);
  std::reverse(fresh.begin(), fresh.end());
  return fresh;
}

} // namespace conductor::cli
