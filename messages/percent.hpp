#pragma once

#include <string>
#include <string_view>

namespace conductor {

/// A part of a URL with its percent-escapes resolved; what is none stays as it is.
std::string decoded(std::string_view text);

} // namespace conductor
