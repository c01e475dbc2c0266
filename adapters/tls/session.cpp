#include "adapters/tls/session.hpp"

#include "adapters/tls/errors.hpp"

#include <boost/asio/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>

namespace conductor {
namespace {

using boost::system::error_code;

int send(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  int descriptor = -1;
  BIO_get_fd(bio, &descriptor);
  const auto n = ::send(descriptor, from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && BIO_sock_should_retry(-1) != 0)
    BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

/// OpenSSL's own way to a socket, but one that has ended raises no signal.
const BIO_METHOD* quiet_socket() {
  static const BIO_METHOD* const made = [] {
    const auto* own = BIO_s_socket();
    auto* m = BIO_meth_new(BIO_TYPE_SOCKET, "socket without signals");
    BIO_meth_set_write(m, send);
    BIO_meth_set_read(m, BIO_meth_get_read(own));
    BIO_meth_set_ctrl(m, BIO_meth_get_ctrl(own));
    BIO_meth_set_create(m, BIO_meth_get_create(own));
    BIO_meth_set_destroy(m, BIO_meth_get_destroy(own));
    return m;
  }();
  return made;
}

/// Of the protocol's own, without data between them: a handshake has some 20.
constexpr unsigned most_messages = 64;

/// Each costs keys or an answer, and one read may hold hundreds.
void count_message(int /*sent*/, int /*version*/, int type, const void* /*message*/,
                   std::size_t /*size*/, SSL* /*s*/, void* count) {
  if (type == SSL3_RT_HANDSHAKE || type == SSL3_RT_ALERT)
    ++*static_cast<unsigned*>(count);
}

} // namespace

void tls_session::free_session::operator()(ssl_st* s) const noexcept {
  SSL_free(s);
}

tls_session::tls_session(const tls_context& context, end which, int descriptor,
                         const std::string& host)
    : ssl_(SSL_new(context.get())) {
  auto* s = ssl_.get();
  auto* socket = s != nullptr ? BIO_new(quiet_socket()) : nullptr;
  if (socket == nullptr)
    throw std::bad_alloc{};
  BIO_set_fd(socket, descriptor, BIO_NOCLOSE);
  SSL_set_bio(s, socket, socket);
  SSL_set_msg_callback(s, count_message);
  SSL_set_msg_callback_arg(s, &messages_);
  if (which == end::accepting) {
    SSL_set_accept_state(s);
    return;
  }
  SSL_set_connect_state(s);
  // An address is no name: it is not told, and the certificate must have it as one.
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s), host.c_str()) != 1) {
    SSL_set_tlsext_host_name(s, host.c_str());
    SSL_set_hostflags(s, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(s, host.c_str());
  }
  ERR_clear_error();
}

bool tls_session::has_unread() const noexcept {
  return !starved_ && SSL_has_pending(ssl_.get()) == 1;
}

bool tls_session::shake_hands(error_code& ec) {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  ec = outcome(result, writing_waits_for_room_);
  return result == 1;
}

/// As much as is here already: each record is another round of OpenSSL's, but none for
/// which the socket would have to be asked again.
std::size_t tls_session::read(void* to, std::size_t most, error_code& ec) {
  std::size_t all = 0;
  while (all < most) {
    std::size_t n = 0;
    ERR_clear_error();
    const int result =
        SSL_read_ex(ssl_.get(), static_cast<char*>(to) + all, most - all, &n);
    ec = outcome(result, reading_waits_for_room_);
    all += n;
    if (n > 0)
      messages_ = 0;
    if (messages_ > most_messages) {
      ERR_raise(ERR_LIB_SSL, SSL_R_TOO_MANY_KEY_UPDATES);
      ec = last_tls_error();
    }
    if (ec || !has_unread())
      break;
  }
  if (all > 0) // what went wrong goes wrong again when it is asked for more
    ec = {};
  return all;
}

std::size_t tls_session::write(const void* from, std::size_t size, error_code& ec) {
  std::size_t n = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), from, size, &n);
  ec = outcome(result, writing_waits_for_room_);
  return n;
}

void tls_session::end_sending() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

error_code tls_session::outcome(int result, bool& waits_for_room) {
  const int system = errno;
  const int why = SSL_get_error(ssl_.get(), result);
  starved_ = why == SSL_ERROR_WANT_READ;
  switch (why) {
  case SSL_ERROR_NONE:
    return {};
  case SSL_ERROR_WANT_READ:
    waits_for_room = false;
    return boost::asio::error::would_block;
  case SSL_ERROR_WANT_WRITE:
    waits_for_room = true;
    return boost::asio::error::would_block;
  case SSL_ERROR_ZERO_RETURN:
    return boost::asio::error::eof;
  case SSL_ERROR_SYSCALL:
    if (system != 0)
      return {system, boost::system::system_category()};
    return boost::asio::error::connection_reset;
  default:
    break;
  }
  const auto verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK &&
      ERR_GET_REASON(ERR_peek_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    ERR_clear_error();
    return certificate_error(verified);
  }
  return last_tls_error();
}

} // namespace conductor
