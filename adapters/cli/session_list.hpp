#pragma once

#include "adapters/cli/client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace conductor::cli {

/// Which sessions a list is of; what is empty does not matter.
struct session_filter {
  std::string model;
  std::string text; ///< the title contains it
};

/// Hands over the node's sessions without their messages, the one last used first, until
/// `visit` returns false. Asks for `page` of them (1 to 200) at a time.
void each_session(client& node, const session_filter& filter, int page,
                  const std::function<bool(const nlohmann::ordered_json&)>& visit);

/// Where the node keeps a session, or a part of it as in `messages`.
std::string session_target(std::string_view id, std::string_view part = {});

/// The session that `name` is the id, the exact title or the beginning of the id of, in
/// this order. Empty: there is none. Throws failure that names the candidates where it is
/// not the only one.
std::optional<nlohmann::ordered_json> find_session(client& node, const std::string& name);

/// As find_session; throws failure that names similar ones where there is none.
nlohmann::ordered_json need_session(client& node, const std::string& name);

/// That there is no session of that name, and which are similar or new.
std::string no_session(client& node, const std::string& name);

} // namespace conductor::cli
