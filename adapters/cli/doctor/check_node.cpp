#include "adapters/cli/doctor/checks.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/version.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>

namespace conductor::cli {

namespace {

using nlohmann::json;

/// Value of a series without labels; 0: it is not there.
double value_of(const std::string& metrics, const std::string& name) {
  const auto at = metrics.find("\n" + name + " ");
  return at == std::string::npos
             ? 0
             : std::strtod(metrics.c_str() + at + name.size() + 2, nullptr);
}

void check_files(client& node, findings& into) {
  const std::string what = "files";
  try {
    const auto metrics = "\n" + node.fetch({"GET", "/metrics"}).body;
    const auto most = value_of(metrics, "process_max_fds"),
               open = value_of(metrics, "process_open_fds");
    if (most <= 0) {
      into.skipped(what, "the node does not tell how many it may open");
      return;
    }
    const auto found = "the node has " + std::to_string(static_cast<long>(open)) +
                       " of " + std::to_string(static_cast<long>(most)) +
                       " files and sockets open";
    // A connection and what it asks of Ollama take two.
    if (most < 4096)
      into.warning(
          what, found,
          "allow more: `ulimit -n 65536` before it starts, or LimitNOFILE= in its unit");
    else if (open > .8 * most)
      into.warning(what, found,
                   "allow more, or find out who holds so many connections: "
                   "conductor status");
    else
      into.ok(what, found);
  } catch (const failure& e) {
    into.skipped(what, e.what());
  }
}

void check_queue(const json& status, findings& into) {
  const auto& queue = list_of(status, "queue");
  const auto waiting = number_of(queue, "waiting"), limit = number_of(queue, "limit");
  const auto in_flight = number_of(status, "generations_in_flight");
  const auto found = std::to_string(in_flight) + " answers in flight, " +
                     std::to_string(waiting) + " requests wait, " +
                     std::to_string(limit) + " may";
  if (limit > 0 && waiting * 10 > limit * 8)
    into.warning(
        "queue", found,
        "more will soon be refused: see `conductor top`, add a backend, or raise "
        "queue.limit");
  else if (waiting > 0 && in_flight == 0)
    into.warning("queue", found,
                 "nothing runs though requests wait: see `conductor backends`");
  else
    into.ok("queue", found);
}

} // namespace

std::optional<json> check_node(client& node, findings& into) {
  const std::string what = "node";
  try {
    const auto told = node.fetch({"GET", "/conductor/v1/status"});
    auto status = parse_document(told.body);
    const auto its = text_of(status, "version");
    if (its.empty()) {
      into.failed(what, told.address + " answers, and is no Conductor node",
                  "say where the node is: --host or CONDUCTOR_HOST");
      return std::nullopt;
    }
    if (its != version)
      into.warning(
          what,
          "Conductor " + its + " at " + told.address + ", this is " +
              std::string(version),
          "restart the node after an upgrade: systemctl reload-or-restart conductor");
    else
      into.ok(what, "Conductor " + its + " at " + told.address);
    return status;
  } catch (const refusal& no) {
    into.failed(what,
                "what answers there is no Conductor node: " + std::string(no.what()),
                "say where the node is: --host or CONDUCTOR_HOST");
  } catch (const failure& e) {
    into.failed(what, e.what(), "");
  }
  return std::nullopt;
}

void check_health(client& node, const json& status, findings& into) {
  try {
    node.fetch({"GET", "/healthz"});
    into.ok("threads", "all of the node's threads turn");
  } catch (const failure& e) {
    into.failed("threads", e.what(), "restart the node, and report what its log says");
  }
  const auto& store = list_of(status, "store");
  if (const auto error = text_of(store, "error"); !error.empty())
    into.failed(
        "store", "conversations cannot be written: " + error,
        "make room or mend the permissions; nothing of an answer under way is lost "
        "meanwhile, it is offered again every second");
  check_queue(status, into);
  check_files(node, into);
}

} // namespace conductor::cli
