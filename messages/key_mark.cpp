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
  // From the end: in what looks like a key within another, each secret is one. From every
  // place: whether `%0cnd_` is a key depends on who reads it.
  for (auto at = text.size(); at-- > 0;) {
    const auto id = after(key_mark, text, at);
    const auto secret = id ? after("_", text, end_of_part(text, *id)) : std::nullopt;
    if (!secret)
      continue;
    if (const auto end = end_of_part(text, *secret); end > *secret)
      text.replace(*secret, end - *secret, "…");
  }
  return text;
}

} // namespace conductor
