#include "adapters/cli/models.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/pull.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

namespace {

using nlohmann::json;

template <class Table>
int print(const model_options& options, const char* target, Table to_table) {
  catch_signals();
  auto body = node_client(options.host).fetch({"GET", target}).body;
  auto prefix = options.names.empty() ? "" : options.names[0];
  write_out(options.raw ? body + "\n" : to_table(parse_document(body), prefix, now()));
  return exit_ok;
}

// Unloads a model. As Ollama's client does, asks for it first: generating with an empty
// prompt would be no error for a model that is not there on some servers.
void unload(client& node, const std::string& model) {
  node.fetch({"POST", "/api/show", json{{"model", model}}.dump()});
  node.fetch({"POST", "/api/generate", json{{"model", model}, {"keep_alive", 0}}.dump()});
}

} // namespace

std::string full_name(const std::string& model) {
  auto slash = model.rfind('/');
  auto name = slash == std::string::npos ? 0 : slash + 1;
  return model.find(':', name) == std::string::npos ? model + ":latest" : model;
}

int list_models(const model_options& options) {
  return print(options, "/api/tags", models_table);
}

int list_running(const model_options& options) {
  return print(options, "/api/ps", running_table);
}

int pull(const model_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  for (const auto& model : options.names)
    pull_model(node, model, options.insecure);
  return exit_ok;
}

int remove_models(const model_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  for (const auto& model : options.names) {
    try {
      unload(node, model);
    } catch (const refusal& no) {
      if (no.status != 404)
        write_error("Warning: unable to stop model '" + model + "'\n");
    }
    node.fetch({"DELETE", "/api/delete", json{{"model", model}}.dump()});
    write_out("deleted '" + model + "'\n");
  }
  return exit_ok;
}

int copy_model(const model_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  const auto &from = options.names.at(0), &to = options.names.at(1);
  node.fetch({"POST", "/api/copy", json{{"source", from}, {"destination", to}}.dump()});
  write_out("copied '" + from + "' to '" + to + "'\n");
  return exit_ok;
}

int stop_model(const model_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  const auto& model = options.names.at(0);
  try {
    unload(node, model);
  } catch (const refusal& no) {
    if (no.status == 404)
      throw failure("couldn't find model \"" + model + "\" to stop");
    throw;
  }
  return exit_ok;
}

} // namespace conductor::cli
