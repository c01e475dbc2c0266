#include "adapters/cli/duration.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/run.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace conductor::cli {

namespace {

using json = nlohmann::ordered_json; // the order of a schema's keys has a meaning

json format_value(const std::string& text) {
  if (text == "json")
    return text;
  auto schema = json::parse(text, nullptr, false);
  if (!schema.is_object())
    throw failure("--format takes json or a JSON schema, not " + text, exit_usage);
  return schema;
}

json think_value(const std::string& text) {
  if (text == "true" || text == "false")
    return text == "true";
  for (const auto* level : {"low", "medium", "high", "max"})
    if (text == level)
      return text;
  throw failure("--think takes true, false, low, medium, high or max, not " + text,
                exit_usage);
}

json keep_alive_value(const std::string& text) {
  auto digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
  if (!digits.empty() && digits.size() < 10 &&
      digits.find_first_not_of("0123456789") == std::string_view::npos)
    return std::stoll(text); // seconds
  auto span = parse_go_duration(text);
  if (!span)
    throw failure("--keepalive takes a duration such as 5m, 1h30m, 0 or -1, not " + text,
                  exit_usage);
  return *span < 0 ? json(-1) : json(go_duration(*span));
}

json option_values(const std::vector<std::string>& pairs) {
  auto all = json::object();
  for (const auto& pair : pairs) {
    auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      throw failure("--options takes key=value, not " + pair, exit_usage);
    auto key = pair.substr(0, equals), text = pair.substr(equals + 1);
    auto value = json::parse(text, nullptr, false);
    if (value.is_discarded())
      value = text;
    if (key == "stop" && !value.is_array())
      all[key].push_back(value.is_string() ? value : json(text));
    else
      all[key] = value;
  }
  return all;
}

void add_common(json& body, const run_options& options) {
  if (!options.options.empty())
    body["options"] = option_values(options.options);
  if (!options.keep_alive.empty())
    body["keep_alive"] = keep_alive_value(options.keep_alive);
}

void add_settings(json& body, const run_options& options) {
  if (!options.format.empty())
    body["format"] = format_value(options.format);
  add_common(body, options);
  if (!options.think.empty())
    body["think"] = think_value(options.think);
}

// A prompt may hold any bytes; JSON holds UTF-8.
std::string text(const json& body) {
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

std::string generate_body(const run_options& options, const std::string& prompt,
                          const std::vector<std::string>& images) {
  json body{{"model", options.model}, {"prompt", prompt}};
  if (!images.empty())
    body["images"] = images;
  add_settings(body, options);
  return text(body);
}

std::string message_body(const run_options& options, const std::string& prompt,
                         const std::vector<std::string>& images) {
  json body{{"content", prompt}};
  if (!images.empty())
    body["images"] = images;
  add_settings(body, options);
  return text(body);
}

std::string regenerate_body(const run_options& options) {
  auto body = json::object();
  add_settings(body, options);
  return text(body);
}

std::string embed_body(const run_options& options, const std::string& prompt) {
  json body{{"model", options.model}, {"input", prompt}};
  if (options.truncate_said)
    body["truncate"] = options.truncate;
  if (options.dimensions > 0)
    body["dimensions"] = options.dimensions;
  add_common(body, options);
  return text(body);
}

} // namespace conductor::cli
