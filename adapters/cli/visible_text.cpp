#include "adapters/cli/visible_text.hpp"

#include "adapters/cli/text_width.hpp"

namespace conductor::cli {

std::string visible_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto c = next_character(text);
    if (c.code == '\r' && text.starts_with('\n'))
      continue;
    bool c1 = c.code >= 0x80 && c.code < 0xa0; // CSI and OSC in one character
    if (c.code == 0xfffd || c1)
      out += "\uFFFD";
    else if ((c.code < 0x20 && c.code != '\n' && c.code != '\t') || c.code == 0x7f)
      (out += '^') += static_cast<char>(c.code ^ 0x40);
    else
      out += c.bytes;
  }
  return out;
}

std::string visible_on(const surface& out, std::string_view text) {
  return out.terminal ? visible_text(text) : std::string(text);
}

} // namespace conductor::cli
