#include "adapters/native/session_path.hpp"

namespace conductor {

session_path session_path_of(std::string_view target) {
  constexpr std::string_view root = "/conductor/v1/sessions";
  session_path p;
  auto path = target.substr(0, target.find('?'));
  if (!path.starts_with(root))
    return p;
  path.remove_prefix(root.size());
  if (!path.empty() && path.front() != '/')
    return p;
  p.matches = true;
  if (path.empty())
    return p;
  path.remove_prefix(1);
  const auto slash = path.find('/');
  p.id = path.substr(0, slash);
  if (slash != std::string_view::npos)
    p.part = path.substr(slash + 1);
  p.matches = !p.id.empty();
  return p;
}

std::string_view query_value(std::string_view target, std::string_view key) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos)
    return {};
  auto rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.size() > key.size() && pair.starts_with(key) && pair[key.size()] == '=')
      return pair.substr(key.size() + 1);
  }
  return {};
}

} // namespace conductor
