#pragma once

#include <string>
#include <string_view>

namespace conductor {

/// One spelling for each model, as Ollama compares names: lower case, `:latest` where no
/// tag is given, without the default host and namespace. Empty stays empty.
std::string canonical_model(std::string_view name);

} // namespace conductor
