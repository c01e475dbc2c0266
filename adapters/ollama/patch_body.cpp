#include "adapters/ollama/patch_body.hpp"

#include "adapters/json/edits.hpp"
#include "adapters/json/scan.hpp"

#include <algorithm>
#include <optional>

namespace conductor {
namespace {

/// Where one more member of an object goes.
struct object_end {
  const char* place = nullptr;
  bool empty = true;

  void add(json_edits& edits, std::string members) const {
    if (members.empty())
      return;
    if (!empty)
      members.insert(0, 1, ',');
    edits.insert(place, std::move(members));
  }
};

/// Calls `f(raw_key, value)` for each member; nothing is returned where `text` is no
/// object.
template <class F>
std::optional<object_end> walk(std::string_view text, F f) {
  json_scanner scan{text};
  if (scan.peek() != '{')
    return {};
  object_end end{text.data() + scan.at() + 1, true};
  scan.object([&](std::string_view key) {
    const auto value = scan.value();
    if (!scan.ok)
      return;
    f(key, value);
    end = {value.data() + value.size(), false};
  });
  return scan.ok ? std::optional{end} : std::nullopt;
}

using option_list = std::vector<std::pair<std::string, std::string>>;

/// Of options named twice the last counts.
option_list distinct(const option_list& options) {
  option_list all;
  for (const auto& option : options) {
    std::erase_if(all, [&](const auto& o) { return o.first == option.first; });
    all.push_back(option);
  }
  return all;
}

/// `"KEY":VALUE,…`
std::string members(const option_list& options) {
  std::string text;
  for (const auto& [key, value] : options) {
    if (!text.empty())
      text += ',';
    text += json_quoted(key) + ":" + value;
  }
  return text;
}

std::string object(const option_list& options) {
  std::string text = "{";
  text.append(members(options)).append("}");
  return text;
}

void change_options(json_edits& edits, std::string_view there, option_list options) {
  std::vector<std::string_view> places(options.size());
  const auto end = walk(there, [&](std::string_view raw_key, std::string_view value) {
    // A map's keys, which Go compares exactly.
    const auto key = unescaped(raw_key);
    for (std::size_t i = 0; i < options.size(); ++i)
      if (options[i].first == key)
        places[i] = value;
  });
  if (!end)
    return;
  option_list missing;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (places[i].empty())
      missing.push_back(std::move(options[i]));
    else
      edits.replace(places[i], std::move(options[i].second));
  }
  end->add(edits, members(missing));
}

} // namespace

std::string patch_body(std::string_view json, const body_changes& changes) {
  std::string_view model, name, options, keep_alive;
  bool cleared = false;
  const auto end = walk(json, [&](std::string_view raw_key, std::string_view value) {
    const auto key = folded_key(raw_key);
    if (key == "model")
      model = value;
    else if (key == "name")
      name = value;
    else if (key == "options") {
      cleared = !options.empty() && value == "null";
      options = value;
    } else if (key == "keep_alive")
      keep_alive = value;
  });
  if (!end)
    return std::string{json};

  json_edits edits{json};
  option_list added;
  const auto set = [&](std::string_view place, const char* key, std::string value) {
    if (!place.empty())
      edits.replace(place, std::move(value));
    else
      added.emplace_back(key, std::move(value));
  };

  const auto named = model.empty() ? name : model;
  if (!changes.model.empty() &&
      (named.empty() || named == "null" || named.front() == '"'))
    set(named, "model", json_quoted(changes.model));
  const auto wanted = distinct(changes.options);
  if (!wanted.empty()) {
    // Go merges equal maps, and a null empties what was before: then it must stay.
    if (options.empty() || options == "null")
      set(cleared ? std::string_view{} : options, "options", object(wanted));
    else
      change_options(edits, options, wanted);
  }
  if (!changes.keep_alive.empty() && (keep_alive.empty() || keep_alive == "null"))
    set(keep_alive, "keep_alive", changes.keep_alive);
  end->add(edits, members(added));
  return edits.result();
}

} // namespace conductor
