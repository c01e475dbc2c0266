#include "config/unknown.hpp"

#include "config/schema.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace conductor {
namespace {

// Beyond this nobody meant one of ours.
constexpr std::size_t longest_name = 64;
constexpr std::size_t most_mistakes = 3;

/// Letters to change, insert or drop to get from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j)
      diagonal =
          std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1,
                                          diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)}));
  }
  return row[b.size()];
}

std::string_view after_dot(std::string_view name) {
  return name.substr(name.find('.') + 1);
}

} // namespace

std::string did_you_mean(std::string_view name, const std::vector<std::string>& names) {
  if (name.size() > longest_name)
    return {};
  const std::string* nearest = nullptr;
  auto best = most_mistakes + 1;
  for (const auto& n : names)
    if (const auto d = distance(n, name); d < best) {
      best = d;
      nearest = &n;
    }
  return nearest == nullptr ? std::string{} : "; did you mean " + *nearest + "?";
}

std::string unknown_key(std::string_view name) {
  std::vector<std::string> names;
  std::string elsewhere;
  for (const auto& k : schema()) {
    names.emplace_back(k.name);
    if (after_dot(k.name) == after_dot(name))
      elsewhere = "; did you mean " + names.back() + "?";
  }
  const auto near = did_you_mean(name, names);
  return "unknown key" + (near.empty() ? elsewhere : near) +
         " (all keys: conductor config show)";
}

} // namespace conductor
