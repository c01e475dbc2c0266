#pragma once

#include "adapters/cli/screen/text.hpp"

#include <nlohmann/json_fwd.hpp>

namespace conductor::cli {

/// `/conductor/v1/requests/ID` to look at: where the time of each went, and why it went
/// where it went.
lines request_lines(const nlohmann::json& document);

/// One entry of a list of the node, member by member, what is in it further to the right.
lines member_lines(const nlohmann::json& entry);

/// A session: what it is, and its last messages, at most `most`.
lines session_lines(const nlohmann::json& session, std::size_t most);

} // namespace conductor::cli
