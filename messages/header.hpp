#pragma once

#include "messages/stream.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace conductor {

/// Value of the first header of that name, whatever its case; empty: there is none.
inline std::string_view header_value(const std::vector<header_field>& all,
                                     std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; };
  for (const auto& h : all)
    if (std::equal(h.name.begin(), h.name.end(), name.begin(), name.end(),
                   [&](char a, char b) { return lower(a) == lower(b); }))
      return h.value;
  return {};
}

} // namespace conductor
