#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace conductor::cli {

/// A moment on the wall clock; reaches far enough for Ollama's "for ever" (the year
/// 2318).
using moment = std::chrono::sys_time<std::chrono::microseconds>;
moment now();

/// A size in decimal units, as Ollama prints it: `4.7 GB`, `65 MB`, `12 B`.
std::string human_bytes(std::int64_t bytes);

/// A count as Ollama prints parameters: `8B`, `133.70M`, `12K`.
std::string human_number(std::uint64_t count);

/// Parses RFC 3339, with any fraction and offset. Empty if it is none.
std::optional<moment> parse_moment(std::string_view text);

/// `3 weeks ago`, `4 minutes from now`, `Forever` when more than 20 years ahead, `Never`
/// for Go's zero time (the year 1).
std::string human_time(moment when, moment now);

/// A span as the progress bars print it, with at most two units: `1m5s`, `2h3m`, `99h+`.
std::string short_duration(std::chrono::seconds span);

/// `printf` of one number, in the C locale: `fixed(2.345, 2)` is `2.35`.
std::string fixed(double value, int decimals);

} // namespace conductor::cli
