#pragma once

#include "adapters/native/resources.hpp"

namespace conductor {

/// `/conductor/v1/keys`: lists, makes, changes, rotates and revokes keys.
caf::result<response> answer_keys(resources_actor::stateful_pointer<resources_state> self,
                                  const request_ptr& asked);

} // namespace conductor
