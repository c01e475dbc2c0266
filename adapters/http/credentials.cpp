#include "adapters/http/credentials.hpp"

#include "adapters/keys/key_text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace conductor {
namespace {

constexpr std::string_view protocol_mark = "conductor.key.";

/// Calls `use` with each element of a list until it says true.
template <class Use>
void each(std::string_view list, Use use) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (use(trimmed(list.substr(0, comma))))
      return;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

std::string key_of_protocols(std::string_view offered) {
  std::string key;
  each(offered, [&](std::string_view one) {
    if (one.starts_with(protocol_mark))
      key = one.substr(protocol_mark.size());
    return !key.empty();
  });
  return key;
}

/// The token of `Bearer TOKEN`; empty: another scheme.
std::string_view bearer_of(std::string_view authorization) {
  constexpr std::string_view scheme = "Bearer";
  const auto blank = authorization.find(' ');
  if (blank == std::string_view::npos ||
      !same_name(authorization.substr(0, blank), scheme))
    return {};
  return trimmed(authorization.substr(blank));
}

std::optional<std::uint32_t> uid_of(std::string_view peer) {
  constexpr std::string_view mark = "unix:uid=";
  std::uint32_t uid = 0;
  const auto* end = peer.data() + peer.size();
  if (!peer.starts_with(mark) ||
      std::from_chars(peer.data() + mark.size(), end, uid).ptr != end)
    return std::nullopt;
  return uid;
}

} // namespace

std::string take_key(std::string& target) {
  constexpr std::string_view mark = "/t/";
  if (!target.starts_with(mark))
    return {};
  const auto end = std::min(target.find_first_of("/?#", mark.size()), target.size());
  auto key = target.substr(mark.size(), end - mark.size());
  target.erase(0, end);
  if (!target.starts_with('/'))
    target.insert(0, 1, '/');
  return key.empty() ? "-" : key;
}

credentials credentials_of(const request_head& head, std::string path_key,
                           std::string_view path, const asker& who) {
  credentials shown;
  shown.method = head.method;
  shown.path = path;
  shown.target = head.target;
  shown.local = is_local(who.peer);
  shown.proxied = who.proxied;
  shown.uid = uid_of(who.peer);
  const auto authorization = head.find("Authorization");
  if (!path_key.empty()) {
    shown.key = std::move(path_key);
    return shown;
  }
  if (const auto token = bearer_of(authorization); !token.empty()) {
    shown.key = token;
    shown.key_may_be_others = true;
  } else if (authorization.find(' ') == std::string_view::npos) {
    shown.signature = authorization;
  }
  // A key of ours counts wherever it is, also beside one of somebody else's.
  const auto is_ours = [&] { return shown.key.starts_with(key_mark); };
  if (const auto other = head.find("x-api-key"); !other.empty() && !is_ours()) {
    if (shown.key.empty() || other.starts_with(key_mark)) {
      shown.key = other;
      shown.key_may_be_others = true;
    }
  }
  if (!is_ours())
    if (auto key = key_of_protocols(head.find("Sec-WebSocket-Protocol")); !key.empty()) {
      shown.key = std::move(key);
      shown.key_may_be_others = false;
    }
  return shown;
}

std::string agreed_protocol(std::string_view offered) {
  std::string first, agreed;
  each(offered, [&](std::string_view one) {
    if (first.empty())
      first = one;
    if (!one.starts_with(protocol_mark))
      agreed = one;
    return !agreed.empty();
  });
  return agreed.empty() ? first : agreed;
}

bool is_local(std::string_view peer) {
  return peer.starts_with("127.") || peer.starts_with("::1:") || peer.starts_with("unix");
}

} // namespace conductor
