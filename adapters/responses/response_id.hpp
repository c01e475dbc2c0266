#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace conductor {

/// `resp_SESSION_MESSAGE`: an answer, named by its session and its seq there.
struct response_id {
  std::string session;
  std::uint64_t message = 0;
};

/// Empty: no answer of this node has such an id.
std::optional<response_id> response_id_of(std::string_view text);
std::string to_string(const response_id& id);

} // namespace conductor
