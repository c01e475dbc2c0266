#pragma once

#include <cstring>
#include <string_view>

namespace conductor {

/// Where the last `what`, which is not empty, begins; npos: nowhere. The standard's rfind
/// compares at every place, by a call each time; this one looks for the first byte.
inline std::size_t find_last(std::string_view text, std::string_view what) {
  for (auto left = text.size(); left > 0;) {
    const void* at = ::memrchr(text.data(), what.front(), left);
    if (at == nullptr)
      break;
    left = static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
    if (text.substr(left).starts_with(what))
      return left;
  }
  return std::string_view::npos;
}

} // namespace conductor
