#pragma once

#include "adapters/native/resources.hpp"

namespace conductor {

/// Answers `/conductor/v1/gpus`; with `?history=1`, ten minutes of it.
caf::result<response> answer_gpus(resources_actor::stateful_pointer<resources_state> self,
                                  const request_ptr& asked);

} // namespace conductor
