#pragma once

#include <string_view>

namespace conductor {

/// One line of the logger `audit`: who did what, and how that ended. No secret is in it:
/// `path` has no query, and no key is in it or in `detail`.
void audit(std::string_view who, std::string_view method, std::string_view path,
           int status, std::string_view detail = {});

} // namespace conductor
