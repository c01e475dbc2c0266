#pragma once

#include "adapters/http/parser.hpp"

#include <vector>

namespace conductor {

/// The headers of a request that go on to Ollama: not those of this hop, not those that
/// Ollama must not see from here (Host, Origin, Referer, credentials for this node,
/// ours).
std::vector<header_field> forwarded_headers(const request_head& head);

} // namespace conductor
