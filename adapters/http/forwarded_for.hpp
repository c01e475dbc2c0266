#pragma once

#include "adapters/http/parser.hpp"
#include "config/network.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// Who asks, spelled as WIRE names its peer.
struct asker {
  std::string peer;
  bool proxied = false; ///< somebody passed it on who is not trusted to say for whom
};

/// The peer itself; where it is one of `trusted`, the last address of X-Forwarded-For
/// that is none of them. What comes before that one anybody may have written.
asker find_asker(const request_head& head, const std::string& peer,
                 const std::vector<network>& trusted);

/// The address of a peer `address:port`, IPv6 without brackets.
std::string_view address_of(std::string_view peer);

} // namespace conductor
