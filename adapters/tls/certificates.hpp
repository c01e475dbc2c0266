#pragma once

#include "config/settings.hpp"

#include <cstdint>
#include <memory>
#include <string>

struct ssl_ctx_st;

namespace conductor {

/// What many connections under TLS share: certificates and how they are judged. Any
/// thread.
using tls_context = std::shared_ptr<ssl_ctx_st>;

/// Paths of PEM files; empty: none.
struct pem_files {
  std::string certificate; ///< ours, with its chain
  std::string key;         ///< its private key, without a passphrase
  std::string ca;          ///< who may sign for the other end
};

/// What those settings name for `https://` listeners, and towards backends.
pem_files files_of_listeners(const tls_settings& tls);
pem_files files_of_backends(const tls_settings& tls);

/// Of who accepts: `ca` makes every peer show a certificate. HTTP/1.1 is the only
/// protocol that is agreed on. Throws std::runtime_error that names the file and what is
/// wrong.
tls_context accepting_context(const pem_files& files, tls_version least);

/// Of who connects: without `ca`, those whom the system trusts. Throws likewise.
tls_context connecting_context(const pem_files& files, tls_version least);

/// Whether both show the same certificate; either may be null.
bool same_certificate(const tls_context& a, const tls_context& b);

/// Seconds since 1970 at which its own certificate ends; 0: it has none.
std::int64_t end_of_certificate(const tls_context& context);

} // namespace conductor
