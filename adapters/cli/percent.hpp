#pragma once

#include <string>
#include <string_view>

namespace conductor::cli {

/// `text` as it stands in the query or in one step of the path of a URL.
std::string percent_encoded(std::string_view text);

} // namespace conductor::cli
