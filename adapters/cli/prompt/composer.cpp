#include "adapters/cli/prompt/composer.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace conductor::cli {

namespace {

constexpr std::string_view quotes = "\"\"\"", set_system = "/set system ";

} // namespace

std::optional<entry> composer::push(const std::string& line) {
  std::string_view rest = line;
  if (!quoted_ && held_.empty()) {
    if (rest.starts_with(set_system)) {
      rest.remove_prefix(set_system.size());
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
      is_ = entry::kind::system;
    }
    quoted_ = rest.starts_with(quotes);
    if (quoted_)
      rest.remove_prefix(quotes.size());
    else if (is_ == entry::kind::system ? rest.empty() : rest.starts_with('/'))
      is_ = entry::kind::command;
    if (is_ == entry::kind::command)
      return finished(line);
  }
  if (!quoted_)
    return finished(held_ + std::string(rest));
  if (!rest.ends_with(quotes)) {
    hold(std::string(rest));
    return std::nullopt;
  }
  rest.remove_suffix(quotes.size());
  return finished(held_ + std::string(rest));
}

entry composer::finished(std::string text) {
  entry whole{is_, std::move(text)};
  reset();
  return whole;
}

std::string as_entered(const std::string& lines, bool first) {
  std::string out(first ? ">>> " : "... ");
  for (auto at = lines.begin(); at != lines.end(); ++at) {
    out += *at;
    if (*at == '\n' && at + 1 != lines.end())
      out += "... ";
  }
  return out;
}

} // namespace conductor::cli
