#include "tests/support/ollama/json_text.hpp"

#include <charconv>
#include <cstdio>
#include <ctime>

namespace conductor::test {

namespace {

void append_escape(std::string& out, unsigned code) {
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", code);
  out += text;
}

bool plain(unsigned char c) {
  return c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' &&
         c != 0xE2;
}

std::string formatted(std::time_t at, const char* format) {
  std::tm parts{};
  gmtime_r(&at, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, format, &parts));
}

} // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (plain(c))
      continue;
    // U+2028 and U+2029 end lines in JavaScript, so Go escapes them.
    auto separator = c == 0xE2 && i + 2 < text.size() && text[i + 1] == '\x80' &&
                     (text[i + 2] == '\xA8' || text[i + 2] == '\xA9');
    if (c == 0xE2 && !separator)
      continue;
    out.append(text, from, i - from);
    if (separator) {
      append_escape(out, text[i + 2] == '\xA8' ? 0x2028 : 0x2029);
      i += 2;
    } else if (c == '"' || c == '\\') {
      (out += '\\') += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      append_escape(out, c);
    }
    from = i + 1;
  }
  out.append(text, from, text.size() - from);
  out += '"';
}

void append_number(std::string& out, std::int64_t n) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, n).ptr);
}

std::string quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string now_text() {
  thread_local std::time_t second = 0;
  thread_local std::string prefix;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec != second) {
    second = now.tv_sec;
    prefix = formatted(second, "%Y-%m-%dT%H:%M:%S.");
  }
  char nanos[12] = "000000000Z";
  for (auto [i, n] = std::pair{8, now.tv_nsec}; n > 0; --i, n /= 10)
    nanos[i] = static_cast<char>('0' + n % 10);
  return prefix + nanos;
}

std::string time_text(std::chrono::system_clock::time_point at) {
  return formatted(std::chrono::system_clock::to_time_t(at), "%Y-%m-%dT%H:%M:%SZ");
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

std::int64_t unix_seconds() {
  return std::time(nullptr);
}

const std::string& http_date() {
  thread_local std::time_t second = 0;
  thread_local std::string text;
  if (auto now = std::time(nullptr); now != second) {
    second = now;
    text = formatted(now, "%a, %d %b %Y %H:%M:%S GMT");
  }
  return text;
}

} // namespace conductor::test
