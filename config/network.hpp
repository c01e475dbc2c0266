#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// A range of IP addresses: those that begin with the same bits.
struct network {
  std::array<std::uint8_t, 16> prefix{}; ///< IPv4 as IPv4-mapped IPv6
  unsigned bits = 0;                     ///< of `prefix`, 0 to 128
  bool operator==(const network&) const = default;
};

/// `10.0.0.0/8`, `fd00::/8`, or one address. Throws std::invalid_argument.
network parse_network(std::string_view text);
std::string to_string(const network& n);

/// What one customer of a network has: an IPv4 address, or the /64 that an IPv6 address
/// is in, whose addresses he may change at will. As text; what is no address stays
/// itself.
std::string neighbourhood(std::string_view address);

/// Whether an IP literal (IPv6 without brackets) is of that range; what is none is not.
bool contains(const network& n, std::string_view address);
/// Of one of these.
bool contains(const std::vector<network>& all, std::string_view address);

} // namespace conductor
