#pragma once

#include "messages/key_meter.hpp"
#include "messages/priority.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// What a key may be used for; a set of these is their sum.
enum class scope : std::uint8_t {
  inference = 1, ///< answers, and what there is to know of models
  sessions = 2,  ///< its own conversations
  models = 4,    ///< what changes models, on disk or in memory
  admin = 8      ///< the node itself, and what is others'
};
inline constexpr std::array all_scopes{scope::inference, scope::sessions, scope::models,
                                       scope::admin};
const char* to_string(scope s) noexcept;
/// Empty: there is no scope of that name.
std::optional<scope> scope_named(std::string_view name) noexcept;

using scope_set = std::uint8_t;
constexpr scope_set set_of(scope s) noexcept {
  return static_cast<scope_set>(s);
}

/// A key as it is kept: all of it but its secret.
struct api_key {
  std::string id;     ///< what the key's text begins with, after `cnd_`
  std::string name;   ///< unique among those that are not revoked
  std::string salt;   ///< hex; neither this
  std::string digest; ///< nor SHA-256 of salt and secret, in hex, is told to anybody
  scope_set scopes = set_of(scope::inference) | set_of(scope::sessions);
  std::vector<std::string> models; ///< canonical; `*` at the end is any text; empty: all
  priority_class highest = priority_class::interactive;
  std::optional<priority_class> usual; ///< of requests that name none; empty: the node's
  key_limits limits;
  std::int64_t created = 0;         ///< milliseconds since 1970, UTC
  std::int64_t expires = 0;         ///< likewise; 0: never
  std::string public_key;           ///< OpenSSH's base64 of an Ed25519 key; empty: none
  std::optional<std::uint32_t> uid; ///< of a peer at a Unix socket that it stands for
  bool trusted = false; ///< its headers that name users and conversations count
  bool revoked = false;

  bool valid(std::int64_t now) const noexcept {
    return !revoked && (expires == 0 || now < expires);
  }
};

/// A key in use. Immutable but for what all grants of a key share; any thread.
struct grant {
  api_key key;
  std::shared_ptr<key_meter> meter;
  /// It counts no longer: what is under way by it ends, too.
  std::shared_ptr<std::atomic<bool>> ended = std::make_shared<std::atomic<bool>>(false);

  bool has(scope s) const noexcept { return (key.scopes & set_of(s)) != 0; }
  /// By any spelling of the model's name; empty: a model that is not known yet.
  bool may_use(std::string_view model) const;
};
using grant_ptr = std::shared_ptr<const grant>;

/// All keys at one moment. Immutable; any thread.
struct key_table {
  std::map<std::string, grant_ptr, std::less<>> by_id;
  std::map<std::string, grant_ptr, std::less<>> by_public_key; ///< not revoked
  std::map<std::uint32_t, grant_ptr> by_uid;                   ///< not revoked

  grant_ptr find(std::string_view id) const;
  /// Some key lets somebody in.
  bool lets_in(std::int64_t now) const;
};
using key_table_ptr = std::shared_ptr<const key_table>;

/// A table of these; a key that was in `before` goes on with its meter there, and has
/// ended where it is revoked or no longer there.
key_table_ptr table_of(const std::vector<api_key>& all, const key_table* before);
/// Ends the keys that have expired; when the next one does, 0: none.
std::int64_t end_expired(const key_table& table, std::int64_t now);

// Who may do what. Null stands for who needs no key, and may do everything.

/// What belongs to whom is kept by this: the key's id; empty: nobody's.
std::string owner_of(const grant_ptr& by);
bool is_admin(const grant_ptr& by) noexcept;
/// He may not use every model.
bool is_held_to_models(const grant_ptr& by) noexcept;
/// Whether what belongs to `owner` is there for him.
bool may_see(const grant_ptr& by, std::string_view owner) noexcept;
/// An Idempotency-Key, such that two owners cannot meet.
std::string key_of_owner(const grant_ptr& by, std::string_view idempotency_key);
/// The class that he gets who asks for `wanted`, or for none.
priority_class class_for(const grant_ptr& by, std::optional<priority_class> wanted,
                         priority_class usual) noexcept;

} // namespace conductor
