#pragma once

#include "adapters/native/feed.hpp"

namespace conductor {

/// OpenAI's stored responses, which Ollama lacks, on sessions: `POST /v1/responses` with
/// `store` or `previous_response_id`, and what is asked of a response by its id.
///
/// A response is an answer of a session. One that continues the last of a session joins
/// it; one that continues an earlier answer gets a fork.
std::unique_ptr<feed_surface> responses_feed(const request_ptr& asked);

} // namespace conductor
