#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace conductor {

/// SHA-256 of the two texts, one after the other, in hex.
std::string sha256_hex(std::string_view salt, std::string_view text);

/// Takes as long whatever differs; texts of different lengths are different.
bool same_secret(std::string_view a, std::string_view b) noexcept;

/// So many bytes nobody can guess, in hex. Throws std::runtime_error where the system has
/// none.
std::string random_hex(std::size_t bytes);

/// Letters and digits that nobody can guess, so many of them: 5.95 bits each.
std::string random_text(std::size_t length);

} // namespace conductor
