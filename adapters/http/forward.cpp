#include "adapters/http/forward.hpp"

#include <algorithm>
#include <array>

namespace conductor {
namespace {

constexpr std::array<std::string_view, 16> kept_here{"Connection",
                                                     "Keep-Alive",
                                                     "Proxy-Authenticate",
                                                     "Proxy-Authorization",
                                                     "Proxy-Connection",
                                                     "TE",
                                                     "Trailer",
                                                     "Transfer-Encoding",
                                                     "Upgrade",
                                                     "Host",
                                                     "Content-Length",
                                                     "Expect",
                                                     "Origin",
                                                     "Referer",
                                                     "Authorization",
                                                     "X-Request-Id"};

/// Names that the Connection header declares to be of this hop only.
bool listed(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto token = list.substr(0, comma);
    while (token.starts_with(' ') || token.starts_with('\t'))
      token.remove_prefix(1);
    while (token.ends_with(' ') || token.ends_with('\t'))
      token.remove_suffix(1);
    if (same_name(token, name))
      return true;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return false;
}

} // namespace

std::vector<header_field> forwarded_headers(const request_head& head) {
  constexpr std::string_view ours = "X-Conductor-";
  const auto connection = head.find("Connection");
  std::vector<header_field> kept;
  kept.reserve(head.fields.size());
  for (const auto& f : head.fields) {
    const auto same = [&](std::string_view name) { return same_name(name, f.name); };
    if (std::any_of(kept_here.begin(), kept_here.end(), same) ||
        same_name(std::string_view{f.name}.substr(0, ours.size()), ours) ||
        listed(connection, f.name))
      continue;
    kept.push_back(f);
  }
  return kept;
}

} // namespace conductor
