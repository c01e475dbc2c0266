#include "messages/key_mark.hpp"

#include <algorithm>

namespace conductor {

std::string without_secrets(std::string text) {
  const auto end_of_part = [&](std::size_t at) {
    const auto from = text.begin() + static_cast<std::ptrdiff_t>(at);
    return static_cast<std::size_t>(std::find_if_not(from, text.end(), is_key_letter) -
                                    text.begin());
  };
  // From the end: in what looks like a key within another, each secret is one.
  for (auto at = text.rfind(key_mark); at != std::string::npos;
       at = at == 0 ? std::string::npos : text.rfind(key_mark, at - 1)) {
    const auto bar = end_of_part(at + key_mark.size());
    if (bar == text.size() || text[bar] != '_')
      continue;
    if (const auto end = end_of_part(bar + 1); end > bar + 1)
      text.replace(bar + 1, end - bar - 1, "…");
  }
  return text;
}

} // namespace conductor
