#include "adapters/cli/attachments.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/terminal.hpp"

#include <array>
#include <cctype>
#include <cstdint>
#include <system_error>

namespace conductor::cli {

namespace {

using namespace std::literals;

constexpr std::array extensions{"jpg"sv, "jpeg"sv, "png"sv, "webp"sv, "wav"sv};
constexpr std::size_t largest = 100u << 20;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Length of a file extension at the head of `text` that ends there, 0 if there is none.
std::size_t extension_at(std::string_view text) {
  for (auto ext : extensions) {
    auto same = text.size() >= ext.size();
    for (std::size_t i = 0; same && i < ext.size(); ++i)
      same = std::tolower(static_cast<unsigned char>(text[i])) == ext[i];
    if (same && (text.size() == ext.size() || !is_word(text[ext.size()])))
      return ext.size();
  }
  return 0;
}

} // namespace

std::vector<std::string> mentioned_files(std::string_view prompt) {
  std::vector<std::string> found;
  std::size_t at = 0;
  while (at < prompt.size()) {
    auto start = prompt.find_first_of("/\\", at);
    if (start == std::string_view::npos)
      break;
    auto body = start + 1;
    if (prompt[start] == '/' && start > at && prompt[start - 1] == '.')
      --start;
    auto end = body;
    std::size_t ext = 0;
    for (; end < prompt.size(); ++end) {
      auto c = static_cast<unsigned char>(prompt[end]);
      if (c == '.' && end > body && (ext = extension_at(prompt.substr(end + 1))) != 0)
        break;
      if (std::isspace(c) && c != ' ')
        break;
    }
    if (ext != 0) {
      end += 1 + ext;
      found.emplace_back(prompt.substr(start, end - start));
    }
    at = end; // a later start before here would have failed at the same place
  }
  return found;
}

std::string unescaped_path(std::string_view path) {
  std::string plain;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 1 < path.size() &&
        " ()[]{}$&;'\\*?~"sv.find(path[i + 1]) != std::string_view::npos)
      ++i;
    plain += path[i];
  }
  return plain;
}

std::string attachment(const std::string& path) {
  std::string bytes;
  try {
    bytes = read_file(path);
  } catch (const std::system_error& e) {
    throw failure("cannot read " + path + ": " + e.code().message());
  }
  std::string_view head(bytes);
  bool riff = head.starts_with("RIFF") && head.size() >= 12;
  bool known = head.starts_with("\xff\xd8\xff") ||
               head.starts_with("\x89PNG\r\n\x1a\n") ||
               (riff && (head.substr(8, 4) == "WEBP" || head.substr(8, 4) == "WAVE"));
  if (!known)
    throw failure(path + " is no picture (JPEG, PNG, WebP) and no WAV sound");
  if (bytes.size() > largest)
    throw failure(path + " is larger than 100 MB");
  return base64(bytes);
}

std::string base64(std::string_view bytes) {
  static constexpr auto digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"sv;
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    auto group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= group.size() ? digits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

} // namespace conductor::cli
