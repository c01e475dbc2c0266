#pragma once

#include "config/endpoint.hpp"

#include <optional>
#include <string>
#include <vector>

namespace conductor {

/// A socket that listens already: handed to this process by systemd, or by the node that
/// it succeeds.
struct handed_socket {
  int descriptor = -1;
  endpoint at;
  bool admin = false; ///< for probes and metrics
  bool own = false;   ///< made by a node, which removes a Unix socket's file at its end
};

/// What this process was handed, as the sd_listen_fds protocol has it: LISTEN_PID,
/// LISTEN_FDS and, by LISTEN_FDNAMES, which is for what.
struct handed {
  std::vector<handed_socket> sockets;
  /// The line to the node that this one succeeds: it is told that this one is ready, and
  /// closes its end when it is gone. Negative: there is none.
  int predecessor = -1;
};

/// Names in LISTEN_FDNAMES; every other name is a listener for clients. One with the mark
/// in it speaks TLS.
inline constexpr const char* admin_name = "admin";
inline constexpr const char* tls_mark = "https";
inline constexpr const char* own_suffix = "-own";
inline constexpr const char* predecessor_name = "predecessor";

/// Takes what was handed over; once, before there are threads: children find nothing.
/// Throws std::runtime_error that says which is no listening stream socket.
handed take_handed();

} // namespace conductor
