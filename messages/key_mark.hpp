#pragma once

#include <string>
#include <string_view>

namespace conductor {

/// Begins every key's text, so that secrets are found where they do not belong.
inline constexpr std::string_view key_mark = "cnd_";

/// Of these are a key's id and its secret.
constexpr bool is_key_letter(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// The text with `…` for the secret of each key that it holds, for a log: a key may stand
/// where no client should send one.
std::string without_secrets(std::string text);

} // namespace conductor
