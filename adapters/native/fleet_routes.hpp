#pragma once

#include "adapters/native/resources.hpp"

#include <caf/typed_response_promise.hpp>

#include <optional>

namespace conductor {

/// Answers `/conductor/v1/backends…` and `/conductor/v1/models/…`; an empty promise for
/// any other path.
std::optional<caf::result<response>>
answer_fleet(resources_actor::stateful_pointer<resources_state> self,
             const request_ptr& asked);

/// Of several backends: their lists of models, made one; of one backend
/// `errc::only_one`. `asked` is one of /api/tags, /api/ps, /v1/models and
/// /v1/models/NAME.
caf::typed_response_promise<response>
answer_catalogue(resources_actor::stateful_pointer<resources_state> self,
                 const request_ptr& asked);

} // namespace conductor
