#pragma once

#include "messages/header.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// A response's status line and these headers, each with its line's end; the empty line
/// that ends a head is missing.
std::string head_text(int status, const std::vector<header_field>& headers);

/// Adds a header to such a text.
void add_header(std::string& text, std::string_view name, std::string_view value);

} // namespace conductor
