#pragma once

#include "adapters/native/resources.hpp"

namespace conductor {

/// Answers `/conductor/v1/sessions`, but for what streams, which is FEED's.
caf::result<response>
answer_sessions(resources_actor::stateful_pointer<resources_state> self,
                const request_ptr& asked);

} // namespace conductor
