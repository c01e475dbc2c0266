#pragma once

#include "messages/request.hpp"

#include <optional>

namespace conductor {

/// 307 to the path without its empty parts and dots, as Ollama's server answers
/// `//api/chat` of a client whose base URL ends in a slash; empty: it has none.
std::optional<response> redirect_to_clean(const request& asked);

} // namespace conductor
