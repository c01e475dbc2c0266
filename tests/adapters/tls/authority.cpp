#include "tests/adapters/tls/authority.hpp"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace conductor::test {
namespace {

using file = std::unique_ptr<FILE, int (*)(FILE*)>;

file open(const std::string& path) {
  return {std::fopen(path.c_str(), "w"), std::fclose};
}

} // namespace

pem_files make_certificate(const std::string& name, int days) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{EVP_EC_gen("P-256"),
                                                           EVP_PKEY_free};
  const std::unique_ptr<X509, void (*)(X509*)> made{X509_new(), X509_free};
  auto* x = made.get();
  X509_set_version(x, 2);
  static long serial = 0;
  ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 86'400L * days);
  X509_set_pubkey(x, key.get());
  auto* subject = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(x, subject);
  const auto names = "DNS:" + name;
  auto* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(x, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(x, key.get(), EVP_sha256());

  const auto at = testing::TempDir() + "/" + std::to_string(::getpid()) + "-" +
                  std::to_string(serial) + "-" + name;
  pem_files files{at + ".pem", at + ".key", {}};
  PEM_write_X509(open(files.certificate).get(), x);
  PEM_write_PrivateKey(open(files.key).get(), key.get(), nullptr, nullptr, 0, nullptr,
                       nullptr);
  return files;
}

} // namespace conductor::test
