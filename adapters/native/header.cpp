#include "adapters/native/header.hpp"

#include "adapters/native/json_input.hpp"

#include <algorithm>
#include <charconv>

namespace conductor {

std::string_view header_of(const request& asked, std::string_view name) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  for (const auto& h : asked.headers)
    if (std::equal(h.name.begin(), h.name.end(), name.begin(), name.end(),
                   [&](char a, char b) { return lower(a) == lower(b); }))
      return h.value;
  return {};
}

wanted_version version_of(const request& asked) {
  const auto tag = header_of(asked, "If-Match");
  if (tag.empty() || tag == "*")
    return std::nullopt;
  std::uint64_t version = 0;
  const auto end = tag.data() + tag.size() - 1;
  const bool quoted = tag.size() > 2 && tag.front() == '"' && tag.back() == '"';
  if (!quoted || std::from_chars(tag.data() + 1, end, version).ptr != end)
    throw json_input::bad_request(
        "If-Match must be the ETag of a session, such as \"7\", or *");
  return version;
}

std::string entity_tag(std::uint64_t version) {
  return "\"" + std::to_string(version) + "\"";
}

} // namespace conductor
