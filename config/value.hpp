#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace conductor {

/// `250ms`, `30s`, `10m`, `2h`, or a bare number of milliseconds; a year at most. Throws
/// std::invalid_argument that names what is allowed.
std::chrono::milliseconds parse_duration(std::string_view text);
std::string show_duration(std::chrono::milliseconds value);

/// `64MiB`, `256KiB`, `1GiB`, or a bare number of bytes. Throws std::invalid_argument.
std::size_t parse_size(std::string_view text);
std::string show_size(std::size_t value);

/// A whole number within bounds. Throws std::invalid_argument.
std::uint64_t parse_number(std::string_view text, std::uint64_t least,
                           std::uint64_t most);

/// A number from 0 to 1. Throws std::invalid_argument.
double parse_share(std::string_view text);
std::string show_share(double value);

/// `true` or `false`. Throws std::invalid_argument.
bool parse_switch(std::string_view text);

/// A TOML string literal.
std::string quoted(std::string_view text);

} // namespace conductor
