#include "runtime/certificates.hpp"

#include "config/credential.hpp"
#include "config/load.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

namespace conductor {
namespace {

/// Something is said of it, or somebody to reach speaks it.
bool needs_connecting(const settings& values) {
  const auto files = files_of_backends(values.tls);
  return !files.certificate.empty() || !files.ca.empty() ||
         (values.trace.collector && values.trace.collector->tls) ||
         std::any_of(values.backends.begin(), values.backends.end(),
                     [](const auto& b) { return b.url.tls; });
}

} // namespace

bool certificates::read(const settings& values) {
  const auto& tls = values.tls;
  tls_context accepting;
  if (!tls.certificate.empty())
    accepting = accepting_context(files_of_listeners(tls), tls.min_version);
  if (connecting_.get() || needs_connecting(values))
    connecting_.set(connecting_context(files_of_backends(tls), tls.min_version));
  settings_.set(tls);
  if (!accepting) // who listens under TLS goes on to
    return false;
  const bool other = !same_certificate(accepting, accepting_.get());
  accepting_.set(std::move(accepting));
  return other;
}

tls_context certificates::connecting() {
  auto present = connecting_.get();
  if (!present && !being_read_.exchange(true))
    aside_([this] { read_aside(); });
  return present;
}

void certificates::read_aside() {
  const auto tls = settings_.get();
  try {
    connecting_.set(connecting_context(files_of_backends(tls), tls.min_version));
  } catch (const std::exception& bad) {
    spdlog::error("{}", bad.what());
  }
  being_read_ = false;
}

std::vector<std::string> files_to_watch(const tls_settings& tls) {
  std::map<std::string, std::string> by_folder;
  for (const auto& files : {files_of_listeners(tls), files_of_backends(tls)})
    for (const auto& file : {files.certificate, files.key, files.ca})
      if (!file.empty())
        by_folder.emplace(file.substr(0, file.rfind('/') + 1), file);
  std::vector<std::string> all;
  for (auto& [folder, file] : by_folder)
    all.push_back(std::move(file));
  return all;
}

void read_tokens(std::vector<backend_settings>& backends) {
  for (auto& b : backends)
    if (!b.token_file.empty())
      try {
        b.bearer.text = read_token(credential_path(b.token_file));
      } catch (const std::exception& bad) {
        throw config_error("backend " + b.name, "backend.token_file", bad.what());
      }
}

} // namespace conductor
