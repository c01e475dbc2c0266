#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor::test {

/// A request's head as it came, and what was read from it.
struct http_request {
  std::string raw_head; ///< every byte, with the empty line
  std::string method;
  std::string target; ///< as sent
  std::string path;   ///< percent-decoded, without the query
  std::string query;
  bool version_1_0 = false;
  std::vector<std::pair<std::string, std::string>> fields;
  bool chunked = false;
  std::optional<std::uint64_t> length; ///< Content-Length

  /// The first field of that name, any case.
  std::optional<std::string_view> field(std::string_view name) const;

  /// The connection may serve another request afterwards.
  bool keep_alive() const;

  /// A body follows the head.
  bool has_body() const { return chunked || length.value_or(0) > 0; }
};

/// Equal but for ASCII case.
bool same_text(std::string_view a, std::string_view b);

/// Reads a complete head; an error's text on failure.
std::string parse_head(std::string_view head, http_request& into);

} // namespace conductor::test
