#include "messages/key_mark.hpp"

#include "messages/percent.hpp"

#include <cstddef>
#include <optional>

namespace conductor {
namespace {

struct letter {
  char said;
  std::size_t next; ///< where the one after it begins
};

/// A letter that may be written as in a URL.
letter letter_at(std::string_view text, std::size_t at) {
  const auto escaped = escaped_at(text, at);
  return {escaped.value_or(text[at]), at + (escaped ? 3 : 1)};
}

/// Where the text goes on after `word`; empty: it does not stand there.
std::optional<std::size_t> after(std::string_view word, std::string_view text,
                                 std::size_t at) {
  for (const char c : word) {
    if (at >= text.size() || letter_at(text, at).said != c)
      return std::nullopt;
    at = letter_at(text, at).next;
  }
  return at;
}

std::size_t end_of_part(std::string_view text, std::size_t at) {
  while (at < text.size() && is_key_letter(letter_at(text, at).said))
    at = letter_at(text, at).next;
  return at;
}

} // namespace

std::string without_secrets(std::string text) {
  // Written once, not cut in place: clients send texts of megabytes, full of keys.
  std::string told;
  std::size_t passed = 0;
  // At every place: whether `%0cnd_` is a key depends on who reads it, and in what looks
  // like a key within another, each secret is one.
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto id = after(key_mark, text, at);
    const auto secret = id ? after("_", text, end_of_part(text, *id)) : std::nullopt;
    if (!secret)
      continue;
    if (const auto end = end_of_part(text, *secret); end > *secret) {
      told.append(text, passed, *secret - passed).append("…");
      passed = end;
    }
  }
  if (passed == 0)
    return text;
  return told.append(text, passed);
}

} // namespace conductor
