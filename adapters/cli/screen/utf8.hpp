#pragma once

#include <string>
#include <string_view>

namespace conductor::cli {

/// A character in UTF-8.
std::string utf8_of(char32_t c);

/// A text in UTF-8, and one of characters; what is no UTF-8 becomes U+FFFD.
std::string utf8_of(std::u32string_view text);
std::u32string characters_of(std::string_view text);

} // namespace conductor::cli
