#include "adapters/cli/markdown/entities.hpp"

#include "adapters/cli/screen/utf8.hpp"

#include <charconv>
#include <cstdint>
#include <utility>

namespace conductor::cli {

std::string entity_text(std::string_view entity) {
  static constexpr std::pair<std::string_view, std::string_view> named[] = {
      {"&amp;", "&"},    {"&lt;", "<"},     {"&gt;", ">"},    {"&quot;", "\""},
      {"&apos;", "'"},   {"&nbsp;", " "},   {"&ndash;", "–"}, {"&mdash;", "—"},
      {"&hellip;", "…"}, {"&copy;", "©"},   {"&deg;", "°"},   {"&times;", "×"},
      {"&rarr;", "→"},   {"&larr;", "←"},   {"&le;", "≤"},    {"&ge;", "≥"},
      {"&ne;", "≠"},     {"&plusmn;", "±"}, {"&euro;", "€"},  {"&bull;", "•"}};
  for (const auto& [name, text] : named)
    if (entity == name)
      return std::string(text);
  if (!entity.starts_with("&#") || !entity.ends_with(";"))
    return std::string(entity);
  auto digits = entity.substr(2, entity.size() - 3);
  bool hex = !digits.empty() && (digits[0] == 'x' || digits[0] == 'X');
  if (hex)
    digits.remove_prefix(1);
  std::uint32_t code = 0;
  auto [end, bad] =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  if (bad != std::errc() || end != digits.data() + digits.size() || code == 0 ||
      code > 0x10ffff)
    return "\ufffd";
  return utf8_of(static_cast<char32_t>(code));
}

} // namespace conductor::cli
