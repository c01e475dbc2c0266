#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace conductor::test {

/// Appends `text` as a JSON string, escaped as Go's encoder does (`<`, `>`, `&` too).
void append_quoted(std::string& out, std::string_view text);

/// Appends a decimal number.
void append_number(std::string& out, std::int64_t n);

/// `text` as a JSON string.
std::string quoted(std::string_view text);

/// Now in UTC as Go's RFC 3339 with nanoseconds.
std::string now_text();

/// That time, to the second.
std::string time_text(std::chrono::system_clock::time_point at);

/// CLOCK_MONOTONIC in nanoseconds.
std::int64_t monotonic_ns();

/// Seconds since 1970.
std::int64_t unix_seconds();

/// Now as an HTTP date; renewed once per second and thread.
const std::string& http_date();

} // namespace conductor::test
