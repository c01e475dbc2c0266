#include "messages/percent.hpp"

#include <charconv>

namespace conductor {

std::optional<char> escaped_at(std::string_view text, std::size_t at) noexcept {
  unsigned char byte = 0;
  const auto* digits = text.data() + at + 1;
  if (text[at] != '%' || at + 2 >= text.size() ||
      std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2)
    return std::nullopt;
  return static_cast<char>(byte);
}

std::string decoded(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto escaped = escaped_at(text, i);
    plain += escaped.value_or(text[i]);
    i += escaped ? 2 : 0;
  }
  return plain;
}

std::string path_of(std::string_view target) {
  return decoded(target.substr(0, target.find_first_of("?#")));
}

} // namespace conductor
