#pragma once

#include <optional>
#include <string_view>

namespace conductor {

/// Who goes first where requests wait.
enum class priority_class { interactive, normal, batch };
inline const char* to_string(priority_class c) noexcept {
  return c == priority_class::interactive ? "interactive"
         : c == priority_class::normal    ? "normal"
                                          : "batch";
}

/// Empty: there is no class of that name.
inline std::optional<priority_class> class_named(std::string_view name) noexcept {
  for (const auto c :
       {priority_class::interactive, priority_class::normal, priority_class::batch})
    if (name == to_string(c))
      return c;
  return std::nullopt;
}

} // namespace conductor
