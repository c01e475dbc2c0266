#pragma once

#include "adapters/cli/terminal.hpp"

#include <string>
#include <string_view>

namespace conductor::cli {

/// Text that somebody else wrote, as a terminal may take it: control characters other
/// than line feed and tab cannot move the cursor, change a title or fill the clipboard,
/// but are seen, as in `^[` for escape; what is no UTF-8 becomes U+FFFD.
std::string visible_text(std::string_view text);

/// The same where it goes to a terminal, and else the bytes as they came.
std::string visible_on(const surface& out, std::string_view text);

} // namespace conductor::cli
