#pragma once

#include <string_view>

namespace conductor {

/// OpenTelemetry's name of what a route does with a model, `chat`, `text_completion` or
/// `embeddings`; null: it does something else. A query behind the path does not matter.
const char* operation_of(std::string_view path);

} // namespace conductor
