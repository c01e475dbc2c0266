#include "adapters/native/redirect.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {
namespace {

/// Of an absolute path; a slash at its end stays.
std::string clean(std::string_view path) {
  std::vector<std::string_view> parts;
  const bool is_folder = path.ends_with('/');
  while (!path.empty()) {
    const auto part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part == ".." && !parts.empty())
      parts.pop_back();
    else if (!part.empty() && part != "." && part != "..")
      parts.push_back(part);
  }
  std::string result;
  for (const auto part : parts)
    result.append("/").append(part);
  if (is_folder || parts.empty())
    result += '/';
  return result;
}

std::string for_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&#34;";
    else if (c == '\'')
      result += "&#39;";
    else
      result += c;
  }
  return result;
}

} // namespace

std::optional<response> redirect_to_clean(const request& asked) {
  const std::string_view target = asked.target;
  const auto query = std::min(target.find('?'), target.size());
  const auto path = target.substr(0, query);
  auto url = clean(path);
  if (url == path)
    return std::nullopt;
  if (target.size() > query + 1) // a bare question mark is dropped
    url += target.substr(query);
  response r{307, {}, {}, {{"Location", url}}};
  if (asked.method == "GET" || asked.method == "HEAD") {
    r.content_type = "text/html; charset=utf-8";
    r.body = "<a href=\"" + for_html(url) + "\">Temporary Redirect</a>.\n\n";
  }
  return r;
}

} // namespace conductor
