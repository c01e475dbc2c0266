#pragma once

#include <string>
#include <string_view>

namespace conductor::cli {

/// What an entity of HTML stands for, as in `&amp;` or `&#233;`; itself, if it is one of
/// the many that hardly anybody writes.
std::string entity_text(std::string_view entity);

} // namespace conductor::cli
