#pragma once

#include "adapters/native/feed.hpp"
#include "adapters/responses/response_request.hpp"

#include <functional>
#include <vector>

namespace conductor {

/// The answer with that seq in a conversation; null: there is none.
const session_message* find_answer(const session_record& record, std::uint64_t message);
/// A response of that id is not, or no longer, there.
caf::error no_such_response(const response_id& id);

/// Makes or finds the session that a response belongs to, and has its model and
/// instructions be those of the request; `ready` gets what to say there. A session that
/// changed since refuses it with version_mismatch.
void find_conversation(feed_ptr self, const response_request& wish,
                       std::function<void(const session_info&, say)> ready);

} // namespace conductor
