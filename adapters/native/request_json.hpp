#pragma once

#include "messages/request.hpp"
#include "messages/timing.hpp"

#include <nlohmann/json.hpp>

namespace conductor {

/// `{"queue", "load", "first", "prefill", "decode", "relay"}`, in seconds.
nlohmann::ordered_json to_json(const answer_timing& t);

/// A request that ended, as `GET /conductor/v1/requests` lists it.
nlohmann::ordered_json to_json(const ended_request& r);

} // namespace conductor
