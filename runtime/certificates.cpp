#include "runtime/certificates.hpp"

#include "config/credential.hpp"
#include "config/load.hpp"

#include <cstdlib>
#include <utility>

namespace conductor {
namespace {

std::string file_of(const std::string& setting) {
  return credential_path(setting, std::getenv("CREDENTIALS_DIRECTORY"));
}

} // namespace

bool certificates::read(const tls_settings& files) {
  tls_context accepting;
  if (!files.certificate.empty())
    accepting = accepting_context(
        {file_of(files.certificate), file_of(files.key), file_of(files.client_ca)},
        files.min_version);
  auto connecting =
      connecting_context({file_of(files.backend_certificate), file_of(files.backend_key),
                          file_of(files.backend_ca)},
                         files.min_version);
  connecting_.set(std::move(connecting));
  if (!accepting) // who listens under TLS goes on to
    return false;
  const bool other = !same_certificate(accepting, accepting_.get());
  accepting_.set(std::move(accepting));
  return other;
}

std::vector<std::string> files_of(const tls_settings& tls) {
  std::vector<std::string> all;
  for (const auto& setting : {tls.certificate, tls.key, tls.client_ca, tls.backend_ca,
                              tls.backend_certificate, tls.backend_key})
    if (!setting.empty())
      all.push_back(file_of(setting));
  return all;
}

void read_tokens(std::vector<backend_settings>& backends) {
  for (auto& b : backends)
    if (!b.token_file.empty())
      try {
        b.bearer.text = read_token(file_of(b.token_file));
      } catch (const std::exception& bad) {
        throw config_error("backend " + b.name, "backend.token_file", bad.what());
      }
}

} // namespace conductor
