#pragma once

#include <string_view>

namespace conductor::cli {

/// The version that CMakeLists.txt gives the project.
extern const std::string_view version;

} // namespace conductor::cli
