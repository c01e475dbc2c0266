#pragma once

#include "adapters/native/resources.hpp"

namespace conductor {

/// Answers `/conductor/v1/requests`, the last ones that ended, and
/// `/conductor/v1/requests/ID`: how one ended, and why it went where it went.
caf::result<response>
answer_requests(resources_actor::stateful_pointer<resources_state> self,
                const request_ptr& asked);

} // namespace conductor
