#pragma once

#include "messages/actors.hpp"
#include "messages/monitored.hpp"
#include "messages/session.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <functional>

namespace conductor {

/// BACKUP owns one `GET /conductor/v1/backup`: has STORE make a copy of the whole store
/// as it is at this moment, publishes its bytes as its client takes them, and has the
/// copy removed. Lane.
struct backup_state {
  static inline const char* name = "backup";

  std::function<store_actor()> store;
  grant_ptr by; ///< whose key it came with; null: needs none
  monitored<subscriber_actor> reader;
  std::uint64_t copy = 0; ///< number of the copy; 0: there is none
  std::uint64_t size = 0; ///< bytes
  std::uint64_t sent = 0;
  std::uint64_t demanded = 0;
  bool copying = false; ///< it is being made
  bool ended = false;   ///< nobody wants it any longer
  bool reading = false; ///< a part is on its way
};

answer_actor::behavior_type backup(answer_actor::stateful_pointer<backup_state> self,
                                   std::function<store_actor()> store, grant_ptr by);

} // namespace conductor
