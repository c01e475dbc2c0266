#pragma once

#include <cstdint>
#include <string>

namespace conductor::cli {

/// An address of this machine, beyond loopback, at which something accepts connections
/// to `port`, as `192.0.2.7:11434`; empty: there is none.
std::string reachable_beyond(std::uint16_t port);

} // namespace conductor::cli
