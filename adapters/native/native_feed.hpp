#pragma once

#include "adapters/native/feed.hpp"

namespace conductor {

/// `POST …/messages`, `POST …/regenerate` and `GET …/events` of a session: its events as
/// NDJSON, server-sent events or, of a turn, one JSON body, as `Accept` asks.
std::unique_ptr<feed_surface> native_feed(const request_ptr& asked);

} // namespace conductor
