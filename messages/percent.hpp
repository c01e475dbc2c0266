#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace conductor {

/// What the percent-escape at that place stands for, in three characters; empty: none is.
std::optional<char> escaped_at(std::string_view text, std::size_t at) noexcept;

/// A part of a URL with its percent-escapes resolved; what is none stays as it is.
std::string decoded(std::string_view text);

/// The path of a request's target: no query, percent-escapes decoded, as Ollama's router
/// sees it.
std::string path_of(std::string_view target);

} // namespace conductor
