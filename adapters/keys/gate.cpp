#include "adapters/keys/gate.hpp"

#include "adapters/keys/key_text.hpp"

#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace conductor {
namespace {

constexpr const char* needs_one =
    "a key is needed: send it as \"Authorization: Bearer cnd_…\"; "
    "conductor keys create NAME makes one";
/// The same whether the id or the secret is wrong.
constexpr const char* unknown = "this key is not known here";

entry valid(grant_ptr by, std::int64_t now) {
  if (by->key.revoked)
    return {nullptr, "this key was revoked"};
  if (!by->key.valid(now))
    return {nullptr, "this key has expired"};
  return {std::move(by), {}};
}

} // namespace

gate::gate(access_rule require, bool insecure, std::function<key_table_ptr()> keys)
    : require_(require)
    , insecure_(insecure)
    , own_uid_(::getuid())
    , keys_(std::move(keys)) {}

bool gate::trusts(const credentials& shown) const {
  if (insecure_)
    return true;
  if (!shown.local || shown.proxied)
    return false;
  return require_ == access_rule::remote ||
         (shown.uid && (*shown.uid == own_uid_ || *shown.uid == 0));
}

entry gate::by_key(const credentials& shown, std::int64_t now, bool trusted) const {
  const auto parts = parse_key(shown.key);
  // Clients that must send some key send any: what is none of ours says nothing.
  if (!parts && trusted && shown.key_may_be_others && !shown.key.starts_with(key_mark))
    return {};
  auto by = parts ? keys_()->find(parts->id) : nullptr;
  if (!by || !has_secret(by->key, parts->secret))
    return {nullptr, unknown};
  return valid(std::move(by), now);
}

entry gate::by_signature(const credentials& shown, std::int64_t now, bool trusted) const {
  const auto claim = parse_claim(shown.signature);
  const auto table = keys_();
  const auto known =
      claim ? table->by_public_key.find(claim->public_key) : table->by_public_key.end();
  if (known == table->by_public_key.end())
    return trusted ? entry{} : entry{nullptr, "this public key is not enrolled here"};
  const auto second = now / 1000;
  const auto signed_at = time_signed(shown.target);
  if (!signed_at || std::llabs(second - *signed_at) > used_signatures::window_s)
    return {nullptr, "the signature's time is off by more than five minutes"};
  const auto text = std::string{shown.method} + "," + std::string{shown.path} +
                    "?ts=" + std::to_string(*signed_at);
  if (!verify(*claim, text))
    return {nullptr, "the signature is not this key's of this request"};
  if (!used_->admit(claim->signature, second))
    return {nullptr, "this signature was used before"};
  return valid(known->second, now);
}

entry gate::judge(const credentials& shown, std::int64_t now) const {
  const bool trusted = trusts(shown);
  if (!shown.key.empty()) {
    auto found = by_key(shown, now, trusted);
    if (found.by || !found.refused.empty())
      return found;
  }
  if (!shown.signature.empty()) {
    auto found = by_signature(shown, now, trusted);
    if (found.by || !found.refused.empty())
      return found;
  }
  // The node's own user and root stay who they are: somebody must be let in to make keys.
  if (shown.uid && *shown.uid != own_uid_ && *shown.uid != 0 && !shown.proxied) {
    const auto table = keys_();
    if (const auto i = table->by_uid.find(*shown.uid); i != table->by_uid.end())
      return valid(i->second, now);
  }
  if (trusted)
    return {};
  return {nullptr, needs_one};
}

} // namespace conductor
