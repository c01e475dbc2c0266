#pragma once

#include "messages/fleet.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// The models in an answer to GET /api/tags, in its order, their blobs not known. Records
/// without a name are left out; what is no such answer has none.
std::vector<known_model> models_in(std::string_view tags_json);

/// The blob with the weights that the first `FROM` line of an answer to POST /api/show
/// names, as 64 hex digits; empty: it names none, as for remote models.
std::string blob_of(std::string_view show_json);

/// `capabilities` of an answer to POST /api/show; none: an older server tells none.
std::vector<std::string> capabilities_of(std::string_view show_json);

} // namespace conductor
