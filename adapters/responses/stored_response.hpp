#pragma once

#include "adapters/native/feed.hpp"

#include <memory>
#include <string_view>

namespace conductor {

/// A target under `/v1/responses/`.
bool names_response(std::string_view target);

/// `GET`, `DELETE`, `GET …/input_items` and `POST …/cancel` of a stored response.
std::unique_ptr<feed_surface> stored_response(const request_ptr& asked);

} // namespace conductor
