#include "adapters/cli/doctor/checks.hpp"
#include "adapters/tls/certificates.hpp"
#include "config/credential.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

namespace conductor::cli {

namespace {

constexpr std::int64_t few_days = 14;

void check_own(const tls_settings& tls, findings& into) {
  const std::string what = "certificate";
  try {
    const auto files = files_of_listeners(tls);
    const auto context = accepting_context(files, tls.min_version);
    const auto days = (end_of_certificate(context) - std::time(nullptr)) / 86'400;
    const auto found = tls.certificate + " ends in " + std::to_string(days) + " days";
    struct stat about {};
    if (days < 0)
      into.failed(what, tls.certificate + " has ended", "renew it; a node reads it anew");
    else if (days < few_days)
      into.warning(what, found, "renew it; a node that runs reads it anew");
    else if (::stat(files.key.c_str(), &about) == 0 && (about.st_mode & S_IROTH) != 0)
      into.warning(what, tls.key + " can be read by everybody", "chmod o-r " + tls.key);
    else
      into.ok(what, found);
  } catch (const std::exception& bad) {
    into.failed(what, bad.what(), "see [tls] in the configuration");
  }
}

void check_towards_backends(const tls_settings& tls, findings& into) {
  try {
    connecting_context(files_of_backends(tls), tls.min_version);
  } catch (const std::exception& bad) {
    into.failed("certificates of backends", bad.what(), "see [tls] in the configuration");
  }
}

} // namespace

void check_tls(const settings& own, findings& into) {
  const auto& tls = own.tls;
  const auto& all = own.server.listen;
  const bool listens =
      std::any_of(all.begin(), all.end(), [](const endpoint& e) { return e.tls; }) ||
      (own.server.admin_listen && own.server.admin_listen->tls);
  if (listens && is_credential(tls.certificate) &&
      std::getenv("CREDENTIALS_DIRECTORY") == nullptr)
    into.skipped("certificate", tls.certificate + " is only there for the service");
  else if (listens)
    check_own(tls, into);
  if (!is_credential(tls.backend_ca) && !is_credential(tls.backend_key))
    check_towards_backends(tls, into);
}

} // namespace conductor::cli
