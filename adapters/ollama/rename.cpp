#include "adapters/ollama/rename.hpp"

#include "adapters/json/edits.hpp"
#include "adapters/json/scan.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace conductor {
namespace {

/// Where the object that `text` begins with names a model; nothing, if it is no whole
/// one.
std::optional<std::vector<std::string_view>> models_in(std::string_view text) {
  std::vector<std::string_view> found;
  json_scanner scan{text};
  const auto note = [&](std::string_view key) {
    const auto value = scan.value();
    if (key == "model" && value.starts_with('"'))
      found.push_back(value);
  };
  scan.object([&](std::string_view key) {
    if ((key == "response" || key == "message") && scan.peek() == '{')
      scan.object(note);
    else
      note(key);
  });
  return scan.ok ? std::optional{std::move(found)} : std::nullopt;
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

} // namespace

renamer::renamer(std::string from, std::string to)
    : from_(std::move(from)), to_(json_quoted(to)) {}

std::string renamer::apply(std::string_view records) const {
  json_edits edits{records};
  const auto rename_in = [&](std::string_view json) {
    const auto models = models_in(json);
    for (const auto value : models.value_or(std::vector<std::string_view>{}))
      if (string_in(value) == from_)
        edits.replace(value, to_);
    return models.has_value();
  };

  auto rest = records;
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  const bool is_json = rest.starts_with('{');
  for (bool first = true; !rest.empty(); first = false) {
    auto line = first_line(rest);
    if (line.starts_with("data:"))
      line.remove_prefix(5);
    if (!rename_in(line) && first && is_json) {
      // A body that is written over many lines.
      rename_in(rest);
      break;
    }
    rest.remove_prefix(std::min(rest.size(), first_line(rest).size() + 1));
  }
  return edits.result();
}

} // namespace conductor
