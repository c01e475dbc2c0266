#pragma once

#include "config/endpoint.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include <string>
#include <vector>

namespace conductor::cli {

/// A connection by TCP or a Unix socket.
using node_socket = boost::asio::generic::stream_protocol::socket;

/// Connects to the first of `candidates` that accepts within five seconds, and returns
/// which. Throws disconnection that names `who` and ends with `hint` where none does.
boost::asio::awaitable<endpoint> reach(node_socket& to, std::vector<endpoint> candidates,
                                       std::string who, std::string hint);

/// What went wrong, as a part of a sentence.
std::string reason_of(const boost::system::error_code& ec);

} // namespace conductor::cli
