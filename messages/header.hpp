#pragma once

#include "messages/stream.hpp"

#include <string_view>
#include <vector>

namespace conductor {

/// Case-insensitive comparison of ASCII, as header names are compared.
bool same_name(std::string_view a, std::string_view b) noexcept;

/// Value of the first header of that name, whatever its case; empty: there is none.
std::string_view header_value(const std::vector<header_field>& all,
                              std::string_view name) noexcept;

} // namespace conductor
