#include "adapters/json/scan.hpp"

#include <algorithm>

namespace conductor {
namespace {

// Go refuses what nests deeper.
constexpr std::size_t max_depth = 10'000;

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// What comes behind `text` is escaped.
bool is_escaped(std::string_view text) {
  const auto last = text.find_last_not_of('\\');
  const auto rest = last == std::string_view::npos ? text : text.substr(last + 1);
  return rest.size() % 2 != 0;
}

} // namespace

char json_scanner::peek() {
  at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool json_scanner::take(char c) {
  if (peek() != c)
    return false;
  ++at_;
  return true;
}

std::string_view json_scanner::string() {
  if (!take('"'))
    return fail();
  const auto begin = at_;
  // One search for one character: images and documents are long.
  auto quote = text_.find('"', begin);
  while (quote != std::string_view::npos &&
         is_escaped(text_.substr(begin, quote - begin)))
    quote = text_.find('"', quote + 1);
  if (quote == std::string_view::npos)
    return fail();
  at_ = quote + 1;
  return text_.substr(begin, quote - begin);
}

std::string_view json_scanner::value() {
  const char c = peek();
  const auto begin = at_;
  if (c == '"') {
    string();
  } else if (c == '{' || c == '[') {
    skip_nested();
  } else {
    at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    if (at_ == begin)
      return fail();
  }
  return ok ? text_.substr(begin, at_ - begin) : std::string_view{};
}

void json_scanner::skip_nested() {
  std::size_t depth = 0;
  do {
    at_ = text_.find_first_of("\"{}[]", at_);
    if (at_ == std::string_view::npos || depth > max_depth) {
      fail();
      return;
    }
    const char c = text_[at_];
    if (c == '"') {
      string();
      continue;
    }
    ++at_;
    c == '{' || c == '[' ? ++depth : --depth;
  } while (ok && depth > 0);
}

std::string_view json_scanner::fail() {
  ok = false;
  at_ = text_.size();
  return {};
}

std::string unescaped(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\' || i + 1 >= raw.size()) {
      out += raw[i];
      continue;
    }
    const char c = raw[++i];
    switch (c) {
    case 'n':
      out += '\n';
      break;
    case 't':
      out += '\t';
      break;
    case 'r':
      out += '\r';
      break;
    case 'b':
      out += '\b';
      break;
    case 'f':
      out += '\f';
      break;
    case 'u': {
      const auto digits = raw.substr(std::min(i + 1, raw.size()), 4);
      if (digits.size() == 4 &&
          digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos) {
        append_utf8(out,
                    static_cast<unsigned>(std::stoul(std::string{digits}, nullptr, 16)));
        i += 4;
      }
      break;
    }
    default:
      out += c;
    }
  }
  return out;
}

std::string folded_key(std::string_view raw) {
  const auto text = unescaped(raw);
  std::string key;
  key.reserve(text.size());
  for (std::string_view rest{text}; !rest.empty();) {
    // Two letters beyond ASCII are taken for some of it: long s, the sign of kelvins.
    const bool long_s = rest.starts_with("\xc5\xbf");
    const bool kelvin = rest.starts_with("\xe2\x84\xaa");
    const char c = long_s ? 's' : kelvin ? 'k' : rest.front();
    key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    rest.remove_prefix(long_s ? 2 : kelvin ? 3 : 1);
  }
  return key;
}

std::string string_in(std::string_view value) {
  if (value.size() < 2 || value.front() != '"')
    return {};
  return unescaped(value.substr(1, value.size() - 2));
}

} // namespace conductor
