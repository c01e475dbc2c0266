#pragma once

#include <string_view>

namespace conductor {

/// `openapi.json` of this folder: the native API as an OpenAPI 3.1 document.
extern const std::string_view openapi_document;
/// `events.schema.json` of this folder: every event as a JSON Schema.
extern const std::string_view events_schema;

} // namespace conductor
