#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace conductor::cli {

/// Nanoseconds as Go's time.Duration prints them: `1m2.5s`, `534.986708ms`, `0s`.
std::string go_duration(std::int64_t nanoseconds);

/// What Go's time.ParseDuration takes: `5m`, `1h30m`, `-1s`, `1.5h`, `0`. Empty when it
/// would refuse, and when the value does not fit.
std::optional<std::int64_t> parse_go_duration(std::string_view text);

} // namespace conductor::cli
