#include "adapters/native/session_path.hpp"

#include "messages/percent.hpp"

#include <algorithm>

namespace conductor {
namespace {

/// As forms write it: a plus is a blank.
std::string form_decoded(std::string_view text) {
  std::string plain{text};
  std::replace(plain.begin(), plain.end(), '+', ' ');
  return decoded(plain);
}

/// The part before the next slash, which is removed with it.
std::string take_segment(std::string_view& path) {
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(path.size(), segment.size() + 1));
  return std::string{segment};
}

} // namespace

session_path session_path_of(std::string_view target) {
  constexpr std::string_view root = "/conductor/v1/sessions";
  session_path p;
  auto path = target.substr(0, target.find('?'));
  if (!path.starts_with(root))
    return p;
  path.remove_prefix(root.size());
  if (path.empty()) {
    p.matches = true;
    return p;
  }
  if (path.front() != '/')
    return p;
  path.remove_prefix(1);
  p.id = take_segment(path);
  p.part = take_segment(path);
  p.item = take_segment(path);
  p.matches = !p.id.empty() && path.empty();
  return p;
}

std::vector<std::pair<std::string, std::string>> query_of(std::string_view target) {
  std::vector<std::pair<std::string, std::string>> all;
  const auto mark = target.find('?');
  if (mark == std::string_view::npos)
    return all;
  auto rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty())
      continue;
    const auto sign = std::min(pair.find('='), pair.size());
    all.emplace_back(form_decoded(pair.substr(0, sign)),
                     form_decoded(pair.substr(std::min(pair.size(), sign + 1))));
  }
  return all;
}

std::string query_value(std::string_view target, std::string_view key) {
  for (auto& [name, value] : query_of(target))
    if (name == key)
      return std::move(value);
  return {};
}

} // namespace conductor
