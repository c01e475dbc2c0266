#include "adapters/tls/certificates.hpp"

#include "adapters/tls/errors.hpp"
#include "config/credential.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <ctime>
#include <stdexcept>
#include <string_view>

namespace conductor {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& file) {
  throw std::runtime_error(what + " " + file +
                           " cannot be used: " + last_tls_error().message());
}

/// A key with a passphrase is refused: a node that starts by itself has nobody to ask.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

/// Ollama and this node speak HTTP/1.1 only; who offers only something else is told so.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char spoken[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, spoken, sizeof spoken - 1, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

tls_context make_context(const SSL_METHOD* method, const pem_files& files,
                         tls_version least) {
  ERR_clear_error();
  tls_context context{SSL_CTX_new(method), SSL_CTX_free};
  auto* c = context.get();
  if (c == nullptr)
    throw std::runtime_error("no TLS: " + last_tls_error().message());
  SSL_CTX_set_min_proto_version(c, least == tls_version::v1_3 ? TLS1_3_VERSION
                                                              : TLS1_2_VERSION);
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                             SSL_OP_NO_COMPRESSION);
  // A write goes on with the same bytes at another place; what waits holds no buffer.
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE |
                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // A read that finds nothing but TLS' own messages returns: more of them wait their
  // turn.
  SSL_CTX_clear_mode(c, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_read_ahead(c, 1);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF); // peers keep their tickets
  SSL_CTX_set_default_passwd_cb(c, no_passphrase);
  if (!files.certificate.empty()) {
    if (SSL_CTX_use_certificate_chain_file(c, files.certificate.c_str()) != 1)
      refuse("the certificate", files.certificate);
    if (SSL_CTX_use_PrivateKey_file(c, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
      refuse("the private key", files.key);
    if (SSL_CTX_check_private_key(c) != 1)
      refuse("the private key", files.key);
  }
  return context;
}

} // namespace

pem_files files_of_listeners(const tls_settings& tls) {
  return {credential_path(tls.certificate), credential_path(tls.key),
          credential_path(tls.client_ca)};
}

pem_files files_of_backends(const tls_settings& tls) {
  return {credential_path(tls.backend_certificate), credential_path(tls.backend_key),
          credential_path(tls.backend_ca)};
}

tls_context accepting_context(const pem_files& files, tls_version least) {
  auto context = make_context(TLS_server_method(), files, least);
  auto* c = context.get();
  SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
  static constexpr std::string_view name = "conductor";
  SSL_CTX_set_session_id_context(c, reinterpret_cast<const unsigned char*>(name.data()),
                                 name.size());
  if (!files.ca.empty()) {
    if (SSL_CTX_load_verify_file(c, files.ca.c_str()) != 1)
      refuse("the clients' authority", files.ca);
    SSL_CTX_set_client_CA_list(c, SSL_load_client_CA_file(files.ca.c_str()));
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

tls_context connecting_context(const pem_files& files, tls_version least) {
  auto context = make_context(TLS_client_method(), files, least);
  auto* c = context.get();
  static constexpr unsigned char spoken[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(c, spoken, sizeof spoken - 1);
  if (files.ca.empty())
    SSL_CTX_set_default_verify_paths(c);
  else if (SSL_CTX_load_verify_file(c, files.ca.c_str()) != 1)
    refuse("the authority", files.ca);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
  return context;
}

bool same_certificate(const tls_context& a, const tls_context& b) {
  const auto of = [](const tls_context& c) {
    return c ? SSL_CTX_get0_certificate(c.get()) : nullptr;
  };
  const auto *one = of(a), *other = of(b);
  return one == other ||
         (one != nullptr && other != nullptr && X509_cmp(one, other) == 0);
}

std::int64_t end_of_certificate(const tls_context& context) {
  const auto* certificate = context ? SSL_CTX_get0_certificate(context.get()) : nullptr;
  std::tm end{};
  if (certificate == nullptr ||
      ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
    return 0;
  return ::timegm(&end);
}

} // namespace conductor
