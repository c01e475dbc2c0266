#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor {

/// `/conductor/v1/sessions/ID/PART/ITEM`, taken apart.
struct session_path {
  bool matches = false; ///< the path is one of sessions
  std::string id;       ///< empty: the collection
  std::string part;     ///< messages, events, cancel, …; empty: the session itself
  std::string item;     ///< of messages: a seq
};
session_path session_path_of(std::string_view target);

/// Keys and values of the query, decoded.
std::vector<std::pair<std::string, std::string>> query_of(std::string_view target);
/// Value of a key in the query; empty: not there.
std::string query_value(std::string_view target, std::string_view key);

} // namespace conductor
