#include "adapters/cli/status.hpp"

#include "adapters/cli/backend_cells.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/human.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/version.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

namespace {

using nlohmann::json;

std::string uptime_text(std::int64_t seconds) {
  if (seconds >= 48 * 3600)
    return std::to_string(seconds / 86400) + " days";
  return short_duration(std::chrono::seconds(seconds));
}

std::string latency_text(const json& backend) {
  auto us = number_of(backend, "latency_us");
  return us > 0 ? fixed(static_cast<double>(us) / 1000, 1) + " ms" : "-";
}

std::string busy_text(const json& backend) {
  auto busy = count_text(backend, "in_flight");
  return number_of(backend, "parallel") > 0
             ? busy + " of " + count_text(backend, "parallel")
             : busy;
}

std::string zombies_text(const json& backend) {
  return number_of(backend, "zombies") > 0 ? count_text(backend, "zombies") : "";
}

const std::vector<backend_column> columns{
    {"BACKEND", [](const json& b) { return text_of(b, "name"); }},
    {"STATE", state_text},
    {"VERSION", [](const json& b) { return text_of(b, "version"); }},
    {"LATENCY", latency_text},
    {"IN FLIGHT", busy_text},
    {"ZOMBIES", zombies_text, false},
    {"WAITING", [](const json& b) { return count_text(b, "waiting"); }},
    {"URL", [](const json& b) { return text_of(b, "url"); }},
    {"ERROR", [](const json& b) { return text_of(b, "error"); }, false}};

} // namespace

std::string status_text(const json& status) {
  std::string head = "Conductor";
  if (auto v = text_of(status, "version"); !v.empty())
    head += " " + v;
  if (status.contains("uptime_s"))
    head += ", up " + uptime_text(number_of(status, "uptime_s"));
  std::string listens;
  for (const auto& at : list_of(status, "listen"))
    if (at.is_string())
      listens += (listens.empty() ? ", on " : " and ") + at.get<std::string>();
  std::string out = head + listens + "\n";

  std::string load;
  auto add = [&](const std::string& number, const char* what) {
    if (number != "-")
      load += (load.empty() ? "" : ", ") + number + what;
  };
  add(count_text(status, "connections"), " connections");
  add(count_text(status, "generations_in_flight"), " answers in flight");
  if (const auto& queue = list_of(status, "queue"); queue.is_object()) {
    add(count_text(queue, "waiting"), " waiting");
    if (queue.contains("limit"))
      load += " (limit " + count_text(queue, "limit") + ")";
  }
  out += load.empty() ? "" : load + "\n";

  const auto& backends = list_of(status, "backends");
  if (backends.empty())
    return out + "\nno backends\n";
  return out + "\n" + backends_table(backends, columns);
}

int status(const status_options& options) {
  catch_signals();
  auto body = node_client(options.host).fetch({"GET", "/conductor/v1/status"}).body;
  write_out(options.raw ? body + "\n" : status_text(parse_document(body)));
  return exit_ok;
}

int health(const health_options& options) {
  catch_signals();
  const auto* path = options.ready ? "/readyz" : "/healthz";
  write_out(node_client(options.host).fetch({"GET", path}).body);
  return exit_ok;
}

int print_version(const status_options& options) {
  catch_signals();
  json both{{"conductor", version}};
  auto text = "conductor version is " + std::string(version) + "\n";
  try {
    auto body = node_client(options.host).fetch({"GET", "/api/version"}).body;
    both["server"] = text_of(parse_document(body), "version");
    text += "server version is " + both["server"].get<std::string>() + "\n";
  } catch (const failure& none) {
    if (none.code == exit_usage)
      throw;
    both["error"] = none.what();
    text += "Warning: " + std::string(none.what()) + "\n";
  }
  write_out(options.raw ? both.dump() + "\n" : text);
  return exit_ok;
}

} // namespace conductor::cli
