#include "messages/session.hpp"

#include <algorithm>
#include <array>

namespace conductor {
namespace {

constexpr std::array states{"queued",    "streaming", "done",
                            "cancelled", "failed",    "interrupted"};
constexpr std::array types{"snapshot",   "queued", "started",   "delta", "thinking",
                           "tool_calls", "done",   "cancelled", "error"};

} // namespace

const char* to_string(message_state state) noexcept {
  return states[static_cast<std::size_t>(state)];
}

std::optional<message_state> message_state_of(std::string_view name) noexcept {
  const auto i = std::find(states.begin(), states.end(), name);
  if (i == states.end())
    return std::nullopt;
  return static_cast<message_state>(i - states.begin());
}

const char* to_string(event_type type) noexcept {
  return types[static_cast<std::size_t>(type)];
}

} // namespace conductor
