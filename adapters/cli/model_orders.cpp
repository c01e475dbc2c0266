#include "adapters/cli/model_orders.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/model_values.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/waiting_mark.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

namespace {

using json = nlohmann::ordered_json;

// The whole answer, with a mark on a terminal until it is there: a load takes minutes.
std::string fetch_slowly(client& node, const request& what) {
  waiting_mark mark;
  std::string body;
  stream_reader reader;
  if (surface_of(2).terminal)
    reader.on_tick = [&] { mark.tick(); };
  reader.on_bytes = [&](std::string_view bytes) { body += bytes; };
  try {
    node.stream(what, reader);
  } catch (...) {
    mark.clear();
    throw;
  }
  mark.clear();
  return body;
}

std::string names_in(const json& backends) {
  std::string names;
  for (std::size_t i = 0; i < backends.size(); ++i)
    if (backends[i].is_string())
      names += (i == 0                    ? ""
                : i + 1 < backends.size() ? ", "
                                          : " and ") +
               backends[i].get<std::string>();
  return names;
}

// `done` says what was done to the model, as in "loaded 'm' on gpu-1".
int order(const order_options& options, const char* verb, const char* done,
          const char* where) {
  catch_signals();
  json body{{"model", options.model}};
  if (!options.backend.empty())
    body["backend"] = options.backend;
  if (!options.options.empty())
    body["options"] = option_values(options.options);
  if (!options.keep_alive.empty())
    body["keep_alive"] = keep_alive_value(options.keep_alive);
  auto node = node_client(options.host);
  auto answer = parse_ordered(
      fetch_slowly(node, {"POST", std::string("/conductor/v1/models/") + verb,
                          body.dump(-1, ' ', false, json::error_handler_t::replace)}));
  write_out(done + (" '" + options.model + "' ") + where + " " +
            names_in(list_of(answer, "backends")) + "\n");
  return exit_ok;
}

} // namespace

int load_model(const order_options& options) {
  return order(options, "load", "loaded", "on");
}

int unload_model(const order_options& options) {
  return order(options, "unload", "unloaded", "from");
}

int pin_model(const order_options& options) {
  return order(options, "pin", "pinned", "on");
}

int unpin_model(const order_options& options) {
  return order(options, "unpin", "unpinned", "on");
}

} // namespace conductor::cli
