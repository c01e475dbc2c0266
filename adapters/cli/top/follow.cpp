#include "adapters/cli/top/follow.hpp"

#include "adapters/cli/record.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

std::string follow_overview() {
  return R"({"op":"subscribe","ref":"overview","topic":"overview"})";
}

bool is_overview(const nlohmann::json& event) {
  return text_of(event, "topic") == "overview" && text_of(event, "type") == "overview";
}

} // namespace conductor::cli
