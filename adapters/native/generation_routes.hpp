#pragma once

#include "adapters/native/resources.hpp"

namespace conductor {

/// Answers `/conductor/v1/generations`: every answer in flight, and its end.
caf::result<response>
answer_generations(resources_actor::stateful_pointer<resources_state> self,
                   const request_ptr& asked);

} // namespace conductor
