#include "adapters/http/body_facts.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace conductor {
namespace {

constexpr std::array<std::string_view, 8> runner_keys{
    "num_ctx",  "num_batch",  "num_gpu",           "main_gpu",
    "use_mmap", "num_thread", "draft_num_predict", "shift"};
constexpr std::size_t max_depth = 128;

/// Walks JSON without keeping it. Every call leaves the cursor behind what it read, or at
/// the end with `ok` false.
class scanner {
public:
  explicit scanner(std::string_view json) : text_(json) {}

  bool ok = true;

  char peek() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(char c) {
    if (peek() != c)
      return false;
    ++at_;
    return true;
  }

  /// The raw inside of a string, escapes as they stand.
  std::string_view string() {
    if (!take('"'))
      return fail();
    const auto begin = at_;
    for (;;) {
      at_ = text_.find_first_of("\"\\", at_);
      if (at_ == std::string_view::npos ||
          (text_[at_] == '\\' && at_ + 1 >= text_.size()))
        return fail();
      if (text_[at_] == '"')
        return text_.substr(begin, at_++ - begin);
      at_ += 2;
    }
  }

  /// Any value; returns its text.
  std::string_view value() {
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

  /// Calls `f(key)` for each member of the object here; `f` reads the value.
  template <class F>
  void object(F f) {
    if (!take('{')) {
      fail();
      return;
    }
    if (take('}'))
      return;
    while (ok) {
      peek();
      const auto key = string();
      if (!ok || !take(':')) {
        fail();
        return;
      }
      f(key);
      if (take('}'))
        return;
      if (!take(','))
        fail();
    }
  }

private:
  void skip_nested() {
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

  std::string_view fail() {
    ok = false;
    at_ = text_.size();
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

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

/// Resolves escapes as far as names need them: no surrogate pairs.
std::string unescape(std::string_view raw) {
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

std::string key_of(std::string_view raw) {
  auto key = unescape(raw);
  std::transform(key.begin(), key.end(), key.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return key;
}

std::string text_of(std::string_view value) {
  if (value.size() < 2 || value.front() != '"')
    return {};
  return unescape(value.substr(1, value.size() - 2));
}

} // namespace

body_facts scan_body(std::string_view json) {
  body_facts facts;
  std::string name;
  std::map<std::string, std::string, std::less<>> options;
  bool stores = false, continues = false;
  scanner scan{json};
  scan.object([&](std::string_view raw_key) {
    const auto key = key_of(raw_key);
    if (key == "options" && scan.peek() == '{') {
      scan.object([&](std::string_view raw_option) {
        const auto option = key_of(raw_option);
        const auto value = scan.value();
        if (std::find(runner_keys.begin(), runner_keys.end(), option) !=
                runner_keys.end() &&
            value != "null")
          options[option] = value;
      });
      return;
    }
    const auto value = scan.value();
    if (key == "model")
      facts.model = text_of(value);
    else if (key == "name")
      name = text_of(value);
    else if (key == "stream" && (value == "true" || value == "false"))
      facts.stream = value == "true";
    else if (key == "store")
      stores = value == "true";
    else if (key == "previous_response_id")
      continues = value != "null";
    else if (key == "shift")
      options["shift"] = value;
  });
  if (facts.model.empty())
    facts.model = std::move(name);
  facts.stored = stores || continues;
  for (const auto& [option, value] : options)
    facts.runner_options +=
        (facts.runner_options.empty() ? "" : ",") + option + "=" + value;
  return facts;
}

} // namespace conductor
