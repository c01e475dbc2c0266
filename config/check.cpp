#include "config/check.hpp"

#include "config/value.hpp"

#include <algorithm>
#include <set>

namespace conductor {
namespace {

/// Who set the n-th entry of that key.
std::string origin_of(const loaded_config& config, std::string_view key,
                      std::size_t n = 0) {
  for (const auto& e : config.entries)
    if (e.key == key && n-- == 0)
      return e.origin;
  return "default";
}

[[noreturn]] void refuse(const loaded_config& config, const std::string& key,
                         const std::string& why, std::size_t n = 0) {
  throw config_error(origin_of(config, key, n), key, why);
}

void check_listeners(const loaded_config& config) {
  const auto& server = config.values.server;
  if (server.listen.empty())
    refuse(config, "server.listen", "at least one address is needed");
  std::set<std::string> seen;
  const auto check = [&](const std::string& key, const endpoint& e) {
    const bool chosen_by_system = e.type == endpoint::kind::tcp && e.port == 0;
    if (!chosen_by_system && !seen.insert(to_string(e)).second)
      refuse(config, key, quoted(to_string(e)) + " is given twice");
  };
  for (const auto& e : server.listen)
    check("server.listen", e);
  if (server.admin_listen)
    check("server.admin_listen", *server.admin_listen);
}

/// A certificate goes with its key, and is needed where TLS is spoken.
void check_tls(const loaded_config& config) {
  const auto& server = config.values.server;
  const auto& tls = config.values.tls;
  const auto pair = [&](const std::string& certificate, const std::string& key,
                        const std::string& name) {
    if (certificate.empty() && !key.empty())
      refuse(config, name + "key", "there is no " + name + "certificate that it is of");
    if (!certificate.empty() && key.empty())
      refuse(config, name + "certificate", "its private key is missing: " + name + "key");
  };
  pair(tls.certificate, tls.key, "tls.");
  pair(tls.backend_certificate, tls.backend_key, "tls.backend_");
  const auto check = [&](const std::string& key, const endpoint& e) {
    if (e.tls && tls.certificate.empty())
      refuse(config, key,
             quoted(to_listen(e)) + " needs tls.certificate and tls.key, PEM files");
  };
  for (const auto& e : server.listen)
    check("server.listen", e);
  if (server.admin_listen)
    check("server.admin_listen", *server.admin_listen);
}

void check_shadow(const loaded_config& config) {
  const auto& all = config.values.server.listen;
  if (!config.values.metrics.shadow_model.empty() &&
      std::none_of(all.begin(), all.end(),
                   [](const auto& e) { return e.type == endpoint::kind::tcp && !e.tls; }))
    refuse(config, "metrics.shadow_model",
           "the node asks itself over plain TCP, and server.listen has no host:port");
}

void check_backends(const loaded_config& config) {
  const auto& values = config.values;
  auto listeners = values.server.listen;
  if (values.server.admin_listen)
    listeners.push_back(*values.server.admin_listen);
  std::set<std::string> names;
  for (std::size_t i = 0; i < values.backends.size(); ++i) {
    const auto& b = values.backends[i];
    if (!names.insert(b.name).second)
      refuse(config, "backend.name", quoted(b.name) + " is given twice", i);
    if (reaches(listeners, b.url))
      refuse(config, "backend.url",
             quoted(to_url(b.url)) + " is where this node itself listens; allowed: the "
                                     "address of an Ollama server",
             i);
  }
}

void check_models(const loaded_config& config) {
  const auto& all = config.values.models;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!all[i].num_ctx && (all[i].options == option_policy::pin || all[i].derive))
      refuse(config, "model.name",
             quoted(all[i].name) + " pins or derives its options and names none; give "
                                   "num_ctx, or options = \"pass\" or \"raise\"",
             i);
}

void check_stream(const loaded_config& config) {
  const auto& values = config.values;
  if (values.stream.window_bytes > values.stream.buffer_bytes)
    refuse(config, "stream.window",
           quoted(show_size(values.stream.window_bytes)) +
               " is more than stream.buffer; allowed: up to " +
               show_size(values.stream.buffer_bytes));
}

} // namespace

bool reaches(const std::vector<endpoint>& listeners, const endpoint& target) {
  return std::any_of(listeners.begin(), listeners.end(), [&](const endpoint& e) {
    if (e.type != endpoint::kind::tcp || e.port == 0 || e.port != target.port)
      return false;
    const bool everywhere = e.host == "0.0.0.0" || e.host == "::";
    const bool by_name = e.host == "localhost" || target.host == "localhost";
    return e.host == target.host ||
           (is_local(target) && (everywhere || (by_name && is_local(e))));
  });
}

void check_config(const loaded_config& config) {
  check_listeners(config);
  check_tls(config);
  check_shadow(config);
  check_backends(config);
  check_models(config);
  check_stream(config);
}

} // namespace conductor
