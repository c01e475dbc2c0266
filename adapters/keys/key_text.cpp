#include "adapters/keys/key_text.hpp"

#include "adapters/keys/digest.hpp"

#include <algorithm>

namespace conductor {
namespace {

constexpr std::size_t longest_part = 128;
constexpr std::size_t id_length = 12;
constexpr std::size_t secret_length = 43; // of 62 letters: 256.03 bits
constexpr std::size_t salt_bytes = 16;

bool is_part(std::string_view text) noexcept {
  return !text.empty() && text.size() <= longest_part &&
         std::all_of(text.begin(), text.end(), is_key_letter);
}

} // namespace

std::optional<key_parts> parse_key(std::string_view text) noexcept {
  if (!text.starts_with(key_mark))
    return std::nullopt;
  text.remove_prefix(key_mark.size());
  const auto bar = text.find('_');
  if (bar == std::string_view::npos)
    return std::nullopt;
  const key_parts parts{text.substr(0, bar), text.substr(bar + 1)};
  if (!is_part(parts.id) || !is_part(parts.secret))
    return std::nullopt;
  return parts;
}

std::string new_key_id() {
  return random_text(id_length);
}

std::string new_secret() {
  return random_text(secret_length);
}

void set_secret(api_key& key, std::string_view secret) {
  key.salt = random_hex(salt_bytes);
  key.digest = sha256_hex(key.salt, secret);
}

bool has_secret(const api_key& key, std::string_view secret) {
  return same_secret(sha256_hex(key.salt, secret), key.digest);
}

} // namespace conductor
