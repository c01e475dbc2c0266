#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace conductor {

/// An IP literal (IPv6 without brackets) in its canonical spelling, an IPv4-mapped one as
/// IPv4.
std::optional<std::string> parse_ip(std::string_view text);

/// A canonical IP literal (IPv6 with an optional %zone), or a name of letters, digits,
/// `-`, `_` and dots.
std::optional<std::string> parse_host(std::string_view text);

/// 127.0.0.0/8, ::1 or localhost.
bool is_loopback(std::string_view host);

} // namespace conductor
