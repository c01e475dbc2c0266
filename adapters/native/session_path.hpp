#pragma once

#include <string>
#include <string_view>

namespace conductor {

/// `/conductor/v1/sessions/ID/PART`, taken apart.
struct session_path {
  bool matches = false; ///< the path is one of sessions
  std::string id;       ///< empty: the collection
  std::string part;     ///< messages, events, cancel; empty: the session itself
};
session_path session_path_of(std::string_view target);

/// Value of a key in the query, as it stands; empty: not there.
std::string_view query_value(std::string_view target, std::string_view key);

} // namespace conductor
