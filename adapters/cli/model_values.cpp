#include "adapters/cli/model_values.hpp"

#include "adapters/cli/duration.hpp"
#include "adapters/cli/failure.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

using nlohmann::ordered_json;

ordered_json keep_alive_value(const std::string& text) {
  auto digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
  if (!digits.empty() && digits.size() < 10 &&
      digits.find_first_not_of("0123456789") == std::string_view::npos)
    return std::stoll(text); // seconds
  auto span = parse_go_duration(text);
  if (!span)
    throw failure("--keepalive takes a duration such as 5m, 1h30m, 0 or -1, not " + text,
                  exit_usage);
  return *span < 0 ? ordered_json(-1) : ordered_json(go_duration(*span));
}

ordered_json option_values(const std::vector<std::string>& pairs) {
  auto all = ordered_json::object();
  for (const auto& pair : pairs) {
    auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      throw failure("--options takes key=value, not " + pair, exit_usage);
    auto key = pair.substr(0, equals), text = pair.substr(equals + 1);
    auto value = ordered_json::parse(text, nullptr, false);
    if (value.is_discarded())
      value = text;
    if (key == "stop" && !value.is_array())
      all[key].push_back(value.is_string() ? value : ordered_json(text));
    else
      all[key] = value;
  }
  return all;
}

} // namespace conductor::cli
