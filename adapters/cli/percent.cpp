#include "adapters/cli/percent.hpp"

#include <cctype>

namespace conductor::cli {

std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    if (c < 0x80 && (std::isalnum(c) || std::string_view("-._~").find(
                                            static_cast<char>(c)) != std::string::npos))
      out += static_cast<char>(c);
    else
      out.append({'%', digits[c >> 4], digits[c & 15]});
  }
  return out;
}

} // namespace conductor::cli
