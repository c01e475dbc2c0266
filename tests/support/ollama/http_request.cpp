#include "tests/support/ollama/http_request.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace conductor::test {

namespace {

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 3], code, 16).ptr == &text[i + 3]) {
      out += static_cast<char>(code);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  auto from = text.find_first_not_of(" \t");
  if (from == text.npos)
    return {};
  return text.substr(from, text.find_last_not_of(" \t") + 1 - from);
}

bool read_request_line(std::string_view line, http_request& r) {
  auto first = line.find(' ');
  auto last = line.rfind(' ');
  if (first == line.npos || first == last || first == 0)
    return false;
  auto version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return false;
  r.version_1_0 = version == "HTTP/1.0";
  r.method = line.substr(0, first);
  r.target = line.substr(first + 1, last - first - 1);
  auto mark = r.target.find('?');
  r.path = decoded(std::string_view(r.target).substr(0, mark));
  if (mark != r.target.npos)
    r.query = r.target.substr(mark + 1);
  return !r.path.empty() && r.path[0] == '/';
}

} // namespace

bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

std::optional<std::string_view> http_request::field(std::string_view name) const {
  for (const auto& [key, text] : fields)
    if (same_text(key, name))
      return text;
  return {};
}

bool http_request::keep_alive() const {
  auto wish = field("Connection");
  return version_1_0 ? wish && same_text(*wish, "keep-alive")
                     : !wish || !same_text(*wish, "close");
}

std::string parse_head(std::string_view head, http_request& into) {
  into.raw_head = head;
  auto line_end = head.find("\r\n");
  if (!read_request_line(head.substr(0, line_end), into))
    return "malformed request line";
  for (auto at = line_end + 2; at + 2 < head.size(); at = line_end + 2) {
    line_end = head.find("\r\n", at);
    auto line = head.substr(at, line_end - at);
    auto colon = line.find(':');
    if (colon == line.npos || colon == 0)
      return "malformed header";
    into.fields.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  if (!into.version_1_0 && !into.field("Host"))
    return "missing required Host header";
  if (auto coding = into.field("Transfer-Encoding")) {
    if (!same_text(*coding, "chunked"))
      return "unsupported transfer encoding";
    into.chunked = true;
  } else if (auto text = into.field("Content-Length")) {
    std::uint64_t n = 0;
    auto end = text->data() + text->size();
    if (auto [at, wrong] = std::from_chars(text->data(), end, n);
        wrong != std::errc() || at != end)
      return "bad Content-Length";
    into.length = n;
  }
  return {};
}

} // namespace conductor::test
