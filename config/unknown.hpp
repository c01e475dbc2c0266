#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// `; did you mean NAME?` with whichever of `names` is spelled most like `name`; empty
/// where none is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& names);

/// What is said about a key of the file that is in no schema: it may be misspelled, or
/// known in another section.
std::string unknown_key(std::string_view name);

} // namespace conductor
