#pragma once

#include <boost/system/error_code.hpp>

namespace conductor {

/// What OpenSSL's queue of this thread says last, and empties it.
boost::system::error_code last_tls_error();

/// Why a certificate was not accepted: one of OpenSSL's X509_V_ERR_ numbers.
boost::system::error_code certificate_error(long why);

/// The peer spoke HTTP where TLS is spoken.
bool is_plain_http(const boost::system::error_code& ec) noexcept;

/// Of TLS itself, not of the socket below it.
bool is_tls_error(const boost::system::error_code& ec) noexcept;

} // namespace conductor
