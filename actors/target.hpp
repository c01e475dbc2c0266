#pragma once

#include "messages/fleet.hpp"

#include <string>

namespace conductor {

/// The same for those who find the same places: their model, options, backend that they
/// are pinned to, and backends that failed them.
inline std::string target_of(const acquire& wish) {
  auto text = wish.model + '\n' + wish.options + '\n' + wish.pinned;
  for (const auto& t : wish.tried)
    text += '\n' + t;
  return text;
}

} // namespace conductor
