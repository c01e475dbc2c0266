#pragma once

#include "adapters/cli/human.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace conductor::cli {

/// The table of `sessions ls` for sessions as the node lists them.
std::string sessions_table(const std::vector<nlohmann::ordered_json>& sessions,
                           moment now);

/// A session with its messages, for people to read: what it is, then each message under
/// its number and role.
std::string conversation_text(const nlohmann::ordered_json& session, moment now);

/// The session's title in one line of at most 40 columns, `-` if it has none.
std::string shown_title(const nlohmann::ordered_json& session);

} // namespace conductor::cli
