#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace conductor::cli {

/// What --keepalive was told, as Ollama takes it: a number of seconds (-1: for ever) or a
/// duration. Throws failure with exit_usage.
nlohmann::ordered_json keep_alive_value(const std::string& text);

/// What --options were told, each `key=value`; a value that is no JSON is text. Throws
/// failure with exit_usage.
nlohmann::ordered_json option_values(const std::vector<std::string>& pairs);

} // namespace conductor::cli
