#include "messages/key_mark.hpp"

#include "messages/percent.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace conductor {
namespace {

struct unescaped_text {
  std::string plain;
  std::vector<std::size_t> begin; ///< of each character, and of the end, in the text
};

/// What a text says whose letters may be written as in a URL.
unescaped_text unescaped(std::string_view text) {
  unescaped_text found;
  for (std::size_t i = 0; i < text.size();) {
    found.begin.push_back(i);
    const auto letter = escaped_at(text, i);
    found.plain += letter.value_or(text[i]);
    i += letter ? 3 : 1;
  }
  found.begin.push_back(text.size());
  return found;
}

} // namespace

std::string without_secrets(std::string text) {
  const auto said = unescaped(text);
  const auto& plain = said.plain;
  const auto& begin = said.begin;
  const auto end_of_part = [&plain](std::size_t at) {
    const auto from = plain.begin() + static_cast<std::ptrdiff_t>(at);
    return static_cast<std::size_t>(std::find_if_not(from, plain.end(), is_key_letter) -
                                    plain.begin());
  };
  // From the end: in what looks like a key within another, each secret is one.
  auto masked = text.size(); // from there on it is
  for (auto at = plain.rfind(key_mark); at != std::string::npos;
       at = at == 0 ? std::string::npos : plain.rfind(key_mark, at - 1)) {
    const auto bar = end_of_part(at + key_mark.size());
    if (bar == plain.size() || plain[bar] != '_')
      continue;
    const auto end = std::min(begin[end_of_part(bar + 1)], masked);
    if (const auto secret = begin[bar + 1]; end > secret) {
      text.replace(secret, end - secret, "…");
      masked = secret;
    }
  }
  return text;
}

} // namespace conductor
