#pragma once

#include "adapters/keys/signature.hpp"
#include "config/settings.hpp"
#include "messages/errors.hpp"
#include "messages/key.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace conductor {

/// What a request shows of who sent it.
struct credentials {
  std::string key;                  ///< the key's text, or what was sent as one
  bool key_may_be_others = false;   ///< it came where other programs put theirs
  std::string signature;            ///< an Authorization without a scheme
  std::string_view method;          ///< as it was signed,
  std::string_view path;            ///< without the query,
  std::string_view target;          ///< with it
  bool local = false;               ///< from this machine: loopback, a Unix socket
  bool proxied = false;             ///< passed on by somebody else
  std::optional<std::uint32_t> uid; ///< of a peer at a Unix socket
};

/// Who sent it, or why it is turned away.
struct entry {
  grant_ptr by;        ///< null: needs no key, may do everything
  std::string refused; ///< why it is unauthenticated; empty: it is let in
};

/// Tells who sent a request. Reads the present table of keys, asks nobody. Any thread.
class gate {
public:
  gate(access_rule require, bool insecure, std::function<key_table_ptr()> keys);

  /// `now` in milliseconds since 1970.
  entry judge(const credentials& shown, std::int64_t now) const;
  /// Needs no key, by where it comes from.
  bool trusts(const credentials& shown) const;

private:
  entry by_key(const credentials& shown, std::int64_t now, bool trusted) const;
  entry by_signature(const credentials& shown, std::int64_t now, bool trusted) const;

  access_rule require_;
  bool insecure_;
  std::uint32_t own_uid_;
  std::function<key_table_ptr()> keys_;
  std::shared_ptr<used_signatures> used_ = std::make_shared<used_signatures>();
};

} // namespace conductor
