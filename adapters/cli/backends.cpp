#include "adapters/cli/backends.hpp"

#include "adapters/cli/backend_cells.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/percent.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

namespace {

using nlohmann::json;

const std::string root = "/conductor/v1/backends";

std::string target_of(const std::string& name) {
  return root + "/" + percent_encoded(name);
}

bool flag_of(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_boolean() && at->get<bool>();
}

bool is_loaded(const json& runner) {
  return runner.is_object() && flag_of(runner, "loaded") &&
         !text_of(runner, "model").empty();
}

// Answers at once, of all models in memory; what was found by watching is an estimate.
std::string places_text(const json& backend) {
  std::int64_t places = 0;
  std::string text;
  for (const auto& r : list_of(backend, "runners"))
    if (is_loaded(r)) {
      places += number_of(r, "places");
      if (flag_of(r, "places_learned"))
        text = "~";
    }
  return places > 0 ? text + std::to_string(places) : "";
}

std::string loaded_text(const json& backend) {
  std::string all;
  auto add = [&](const std::string& model, const char* mark) {
    all += (all.empty() ? "" : ", ") + model + mark;
  };
  auto loading = text_of(backend, "loading");
  for (const auto& r : list_of(backend, "runners"))
    if (is_loaded(r) && text_of(r, "model") != loading)
      add(text_of(r, "model"), flag_of(r, "pinned") ? " (pinned)" : "");
  if (!loading.empty())
    add(loading, " (loading)");
  return all;
}

const std::vector<backend_column> columns{
    {"NAME", [](const json& b) { return text_of(b, "name"); }},
    {"STATE", state_text},
    {"IN FLIGHT", [](const json& b) { return count_text(b, "in_flight"); }},
    {"PLACES", places_text},
    {"ZOMBIES", [](const json& b) { return count_text(b, "zombies"); }},
    {"LOADED", loaded_text},
    {"URL", [](const json& b) { return text_of(b, "url"); }},
    {"ERROR", [](const json& b) { return text_of(b, "error"); }, false}};

std::string names_of(const json& backends) {
  std::string names;
  for (const auto& b : backends)
    if (b.is_object())
      names += (names.empty() ? "" : ", ") + text_of(b, "name");
  return names.empty() ? "none" : names;
}

// Asks for something of a backend that should be there.
json ask(client& node, const request& what) {
  try {
    return parse_document(node.fetch(what).body);
  } catch (const refusal& no) {
    if (no.status != 404)
      throw;
    auto all = parse_document(node.fetch({"GET", root}).body);
    throw failure(std::string(no.what()) +
                  "; there is: " + names_of(list_of(all, "backends")));
  }
}

bool is_there(client& node, const std::string& name) {
  try {
    node.fetch({"GET", target_of(name)});
    return true;
  } catch (const refusal& no) {
    if (no.status == 404)
      return false;
    throw;
  }
}

std::string body_of(const backend_options& options) {
  json body{{"url", options.url}};
  auto add = [&](const char* key, const std::optional<std::int64_t>& value) {
    if (value)
      body[key] = *value;
  };
  add("parallel", options.parallel);
  add("max_loaded", options.max_loaded);
  add("weight", options.weight);
  add("tier", options.tier);
  if (options.primary)
    body["primary"] = true;
  if (!options.probe_model.empty())
    body["probe_model"] = options.probe_model;
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string in_flight_text(const json& backend) {
  auto n = number_of(backend, "in_flight") + number_of(backend, "relayed");
  return n == 0   ? "nothing is in flight there"
         : n == 1 ? "1 request is still in flight there"
                  : std::to_string(n) + " requests are still in flight there";
}

} // namespace

std::string backends_text(const json& document) {
  const auto& backends = list_of(document, "backends");
  return backends.empty() ? "no backends\n" : backends_table(backends, columns);
}

int list_backends(const backend_options& options) {
  catch_signals();
  auto body = node_client(options.host).fetch({"GET", root}).body;
  write_out(options.raw ? body + "\n" : backends_text(parse_document(body)));
  return exit_ok;
}

int add_backend(const backend_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  bool changes = is_there(node, options.name);
  auto now =
      parse_document(node.fetch({"PUT", target_of(options.name), body_of(options)}).body);
  write_out((changes ? "changed '" : "added '") + text_of(now, "name") + "' at " +
            text_of(now, "url") + "\n");
  return exit_ok;
}

int remove_backend(const backend_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  ask(node, {"DELETE", target_of(options.name)});
  write_out("removed '" + options.name + "'\n");
  return exit_ok;
}

int drain_backend(const backend_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  auto now = ask(node, {"POST", target_of(options.name) + "/drain"});
  write_out("drained '" + options.name + "': it gets nothing new, and " +
            in_flight_text(now) + "\n");
  return exit_ok;
}

int undrain_backend(const backend_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  ask(node, {"POST", target_of(options.name) + "/undrain"});
  write_out("undrained '" + options.name + "': it gets requests again\n");
  return exit_ok;
}

} // namespace conductor::cli
