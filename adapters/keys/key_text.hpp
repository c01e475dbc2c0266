#pragma once

#include "messages/key.hpp"
#include "messages/key_mark.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace conductor {

/// `cnd_ID_SECRET`, taken apart.
struct key_parts {
  std::string_view id;
  std::string_view secret;
};
/// Empty: that is no key's text. Both parts are letters and digits, of 1 to 128 bytes.
std::optional<key_parts> parse_key(std::string_view text) noexcept;

/// An id, and a secret of 256 bits or more.
std::string new_key_id();
std::string new_secret();

/// Makes `secret` the key's: what is kept of it is a salted digest. The secret is random
/// and long, so a fast digest is as good as a slow one.
void set_secret(api_key& key, std::string_view secret);

/// In a time that does not depend on where they differ.
bool has_secret(const api_key& key, std::string_view secret);

} // namespace conductor
