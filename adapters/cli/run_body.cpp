#include "adapters/cli/failure.hpp"
#include "adapters/cli/model_values.hpp"
#include "adapters/cli/run.hpp"

#include <nlohmann/json.hpp>

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
