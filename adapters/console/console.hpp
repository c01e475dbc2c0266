#pragma once

#include "messages/request.hpp"

#include <string_view>
#include <vector>

namespace conductor {

/// One file of the web console, as it is compiled in: `assets/` of this folder.
struct console_file {
  std::string_view path; ///< behind `/console/`
  std::string_view type; ///< Content-Type
  std::string_view tag;  ///< ETag, with its quotes
  std::string_view gzip;
};

/// All of them; `index.html` and the icon beside those whose name has their hash.
const std::vector<console_file>& console_files();

/// Answers `/console` and what is below: 200, 304, 301 to `/console/`, 404, 405. Bodies
/// are gzip for those who take it. Whatever a page of it were made to show, its headers
/// let it load, run and ask nothing but what comes from this node.
response console(const request& asked);

} // namespace conductor
