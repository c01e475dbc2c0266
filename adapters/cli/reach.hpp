#pragma once

#include "adapters/tls/peer_socket.hpp"
#include "config/endpoint.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <string>
#include <vector>

namespace conductor::cli {

/// A connection by TCP, under TLS or not, or a Unix socket.
using node_socket = peer_socket;

/// Connects to the first of `candidates` that accepts within five seconds, and returns
/// which. Under TLS it must be signed for by one whom this system trusts, or who stands
/// in the file that SSL_CERT_FILE names. Throws disconnection that names `who` and ends
/// with `hint` where none does.
boost::asio::awaitable<endpoint> reach(node_socket& to, std::vector<endpoint> candidates,
                                       std::string who, std::string hint);

/// What went wrong, as a part of a sentence.
std::string reason_of(const boost::system::error_code& ec);

} // namespace conductor::cli
