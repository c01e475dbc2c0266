#include "adapters/cli/backend_cells.hpp"

#include "adapters/cli/record.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace conductor::cli {

namespace {

using nlohmann::json;

bool is_set(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_boolean() && at->get<bool>();
}

} // namespace

std::string or_dash(std::string text) {
  return text.empty() ? "-" : text;
}

std::string count_text(const json& from, const char* key) {
  return from.contains(key) && from[key].is_number()
             ? std::to_string(number_of(from, key))
             : "-";
}

std::string state_text(const json& backend) {
  auto state = or_dash(text_of(backend, "state"));
  for (const auto* more : {"draining", "tripped"})
    if (is_set(backend, more))
      state.append(", ").append(more);
  return state;
}

std::string backends_table(const json& backends,
                           const std::vector<backend_column>& columns) {
  constexpr std::size_t widest = 60;
  std::vector<row> rows(1);
  for (const auto& c : columns) {
    auto says = [&](const json& b) { return b.is_object() && !c.cell(b).empty(); };
    if (!c.needed && std::none_of(backends.begin(), backends.end(), says))
      continue;
    rows[0].emplace_back(c.head);
    std::size_t line = 0;
    for (const auto& b : backends) {
      if (!b.is_object())
        continue;
      if (++line == rows.size())
        rows.emplace_back();
      rows[line].push_back(c.needed ? or_dash(c.cell(b)) : c.cell(b));
    }
  }
  return table(rows, widest);
}

} // namespace conductor::cli
