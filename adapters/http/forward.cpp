#include "adapters/http/forward.hpp"

#include "adapters/keys/key_text.hpp"

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
        lists(connection, f.name))
      continue;
    if (same_name(f.name, "x-api-key") && f.value.starts_with(key_mark))
      continue;
    kept.push_back(f);
  }
  return kept;
}

} // namespace conductor
