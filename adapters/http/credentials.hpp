#pragma once

#include "adapters/http/forwarded_for.hpp"
#include "adapters/http/parser.hpp"
#include "adapters/keys/gate.hpp"

#include <string>
#include <string_view>

namespace conductor {

/// Takes `/t/KEY` off the front of a target, for clients that can only be given an
/// address. The key; empty: there was none.
std::string take_key(std::string& target);

/// What a request shows of who sent it. `path_key` is what take_key() found, `path` is
/// without query. The views are of the arguments.
credentials credentials_of(const request_head& head, std::string path_key,
                           std::string_view path, const asker& who);

/// The protocol of a WebSocket that the answer to `Sec-WebSocket-Protocol` names: the
/// first that tells no key, else the first; empty: none was offered.
std::string agreed_protocol(std::string_view offered);

/// From this machine.
bool is_local(std::string_view peer);

} // namespace conductor
