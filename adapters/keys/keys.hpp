#pragma once

#include "adapters/blocking/executor.hpp"
#include "messages/actors.hpp"
#include "messages/keys.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace conductor {

/// What KEYS needs of its node.
struct keys_links {
  std::string file;                               ///< empty: no key can be made
  std::shared_ptr<executor> files;                ///< where the file is touched
  std::function<key_table_ptr()> present;         ///< what lanes read now
  std::function<void(key_table_ptr)> publish;     ///< what they read from now on
  std::function<std::int64_t()> clock;            ///< milliseconds since 1970
  std::function<std::vector<desk_actor>()> desks; ///< one of each lane
};

/// INTERNAL: the file holds something else, or not.
struct keys_changed {
  std::function<void()> take;
};

/// INTERNAL: a key may have expired. Only the last one counts that was sent.
struct keys_check {
  std::uint64_t number = 0;
};

/// KEYS over its file, which also hears from its thread.
using file_keys_actor =
    keys_actor::extend<caf::reacts_to<keys_changed>, caf::reacts_to<keys_check>>;

/// KEYS owns no key: the file is the truth, also where another node shares it for the
/// time of a hand-over, and the table that lanes read is made of it. It owns the time
/// when what is under way by a key ends with it.
struct keys_state {
  static inline const char* name = "keys";
  keys_links links;
  std::uint64_t checks = 0; ///< sent so far
};

file_keys_actor::behavior_type keys(file_keys_actor::stateful_pointer<keys_state> self,
                                    keys_links links);

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::keys_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::keys_check)
