#include "adapters/tls/errors.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509.h>

#include <string>

namespace conductor {
namespace {

using boost::system::error_category;
using boost::system::error_code;

class library_category final : public error_category {
public:
  const char* name() const noexcept override { return "tls"; }
  std::string message(int value) const override {
    const auto code = static_cast<unsigned long>(static_cast<unsigned>(value));
    if (ERR_SYSTEM_ERROR(code))
      return boost::system::system_category().message(ERR_GET_REASON(code));
    const char* reason = ERR_reason_error_string(code);
    return std::string{"TLS: "} + (reason != nullptr ? reason : "unknown error");
  }
};

class certificate_category final : public error_category {
public:
  const char* name() const noexcept override { return "certificate"; }
  std::string message(int value) const override {
    return std::string{"its certificate is refused: "} +
           X509_verify_cert_error_string(value);
  }
};

const library_category library;
const certificate_category certificates;

} // namespace

error_code last_tls_error() {
  const auto code = ERR_peek_error();
  ERR_clear_error();
  return {static_cast<int>(static_cast<unsigned>(code)), library};
}

error_code certificate_error(long why) {
  return {static_cast<int>(why), certificates};
}

bool is_plain_http(const error_code& ec) noexcept {
  return ec.category() == library &&
         ERR_GET_REASON(static_cast<unsigned long>(static_cast<unsigned>(ec.value()))) ==
             SSL_R_HTTP_REQUEST;
}

bool is_tls_error(const error_code& ec) noexcept {
  return ec.category() == library || ec.category() == certificates;
}

} // namespace conductor
