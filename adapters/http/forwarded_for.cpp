#include "adapters/http/forwarded_for.hpp"

#include "config/host.hpp"

#include <algorithm>
#include <optional>

namespace conductor {
namespace {

/// `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]:80`; else nobody.
std::optional<std::string> address_in(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('['))
    return parse_ip(text.substr(1, std::max<std::size_t>(text.find(']'), 1) - 1));
  if (std::count(text.begin(), text.end(), ':') == 1)
    text = text.substr(0, text.find(':'));
  return parse_ip(text);
}

} // namespace

std::string_view address_of(std::string_view peer) {
  return peer.substr(0, peer.rfind(':'));
}

asker find_asker(const request_head& head, const std::string& peer,
                 const std::vector<network>& trusted) {
  const bool passed_on =
      head.has("X-Forwarded-For") || head.has("Forwarded") || head.has("Via");
  if (!passed_on)
    return {peer, false};
  if (trusted.empty() || !contains(trusted, address_of(peer)))
    return {peer, true};
  std::string list; // several fields are one list
  for (const auto& f : head.fields)
    if (same_name(f.name, "X-Forwarded-For"))
      list += (list.empty() ? "" : ",") + f.value;
  std::string_view rest = list;
  std::string last;
  while (!rest.empty()) {
    const auto comma = rest.rfind(',');
    const auto found =
        address_in(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
    if (!found)
      return {peer, true};
    last = *found;
    if (!contains(trusted, last))
      break;
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(0, comma);
  }
  return last.empty() ? asker{peer, true} : asker{last + ":0", false};
}

} // namespace conductor
