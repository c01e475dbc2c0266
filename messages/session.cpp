#include "messages/session.hpp"

#include <algorithm>
#include <array>

namespace conductor {
namespace {

constexpr std::array states{"queued",    "streaming", "done",
                            "cancelled", "failed",    "interrupted"};
constexpr std::array types{"snapshot", "message",  "queued",     "loading", "started",
                           "delta",    "thinking", "tool_calls", "trimmed", "continued",
                           "changed",  "done",     "cancelled",  "error"};

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

bool settled(message_state state) noexcept {
  return state != message_state::queued && state != message_state::streaming;
}

const char* to_string(event_type type) noexcept {
  return types[static_cast<std::size_t>(type)];
}

caf::error mismatch(const session_info& info, const wanted_version& wanted) {
  if (!wanted || *wanted == info.version)
    return {};
  return make_error(errc::version_mismatch, "the session has version " +
                                                std::to_string(info.version) + ", not " +
                                                std::to_string(*wanted));
}

bool is_terminal(event_type type) noexcept {
  return type == event_type::done || type == event_type::cancelled ||
         type == event_type::error;
}

event_type terminal_of(message_state state) noexcept {
  return state == message_state::done        ? event_type::done
         : state == message_state::cancelled ? event_type::cancelled
                                             : event_type::error;
}

const session_message* find_message(const std::vector<session_message>& all,
                                    std::uint64_t seq) noexcept {
  const auto m = std::lower_bound(
      all.begin(), all.end(), seq,
      [](const session_message& one, std::uint64_t s) { return one.seq < s; });
  return m == all.end() || m->seq != seq ? nullptr : &*m;
}

} // namespace conductor
