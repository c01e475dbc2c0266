#include "messages/header.hpp"

#include <algorithm>

namespace conductor {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view header_value(const std::vector<header_field>& all,
                              std::string_view name) noexcept {
  for (const auto& h : all)
    if (same_name(h.name, name))
      return h.value;
  return {};
}

} // namespace conductor
