#include "adapters/http/forward.hpp"

#include "adapters/keys/key_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

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

struct before {
  bool operator()(std::string_view a, std::string_view b) const noexcept {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](unsigned char x, unsigned char y) {
                                          return std::tolower(x) < std::tolower(y);
                                        });
  }
};
using names = std::set<std::string_view, before>;

/// Headers that are of this hop because a Connection header says so.
names named_by_connection(const request_head& head) {
  names all;
  for (const auto& f : head.fields)
    if (same_name(f.name, "Connection"))
      each_token(f.value, [&all](std::string_view one) {
        if (!same_name(one, "keep-alive") && !same_name(one, "close"))
          all.insert(one);
      });
  return all;
}

} // namespace

std::vector<header_field> forwarded_headers(const request_head& head) {
  constexpr std::string_view ours = "X-Conductor-";
  const auto of_this_hop = named_by_connection(head);
  std::vector<header_field> kept;
  kept.reserve(head.fields.size());
  for (const auto& f : head.fields) {
    const auto same = [&](std::string_view name) { return same_name(name, f.name); };
    if (std::any_of(kept_here.begin(), kept_here.end(), same) ||
        same_name(std::string_view{f.name}.substr(0, ours.size()), ours) ||
        of_this_hop.contains(f.name))
      continue;
    if (same_name(f.name, "x-api-key") && f.value.starts_with(key_mark))
      continue;
    kept.push_back(f);
  }
  return kept;
}

} // namespace conductor
