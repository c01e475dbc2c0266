#pragma once

#include "messages/request.hpp"
#include "messages/session.hpp"

#include <string_view>

namespace conductor {

/// Value of a request's header, in any case; empty: not there.
std::string_view header_of(const request& asked, std::string_view name);

/// The version that `If-Match` demands. Throws bad_request.
wanted_version version_of(const request& asked);

/// A version as an entity tag: `"7"`.
std::string entity_tag(std::uint64_t version);

} // namespace conductor
