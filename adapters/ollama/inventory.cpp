#include "adapters/ollama/inventory.hpp"

#include "adapters/json/scan.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using nlohmann::json;

constexpr std::size_t digest_length = 64;

std::string text_of(const json& object, const char* key) {
  const auto i = object.find(key);
  return i != object.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

std::vector<std::string> texts_in(const json& list) {
  std::vector<std::string> texts;
  if (list.is_array())
    for (const auto& entry : list)
      if (entry.is_string())
        texts.push_back(entry);
  return texts;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// The digest at the end of `FROM /models/blobs/sha256-DIGEST`.
std::string digest_in(std::string_view line) {
  line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
  const auto mark = line.rfind("sha256");
  if (mark == std::string_view::npos)
    return {};
  auto digest = line.substr(mark + 6);
  if (!digest.starts_with('-') && !digest.starts_with(':'))
    return {};
  digest.remove_prefix(1);
  if (digest.size() != digest_length ||
      !std::all_of(digest.begin(), digest.end(), is_hex))
    return {};
  return std::string{digest};
}

} // namespace

std::vector<known_model> models_in(std::string_view tags_json) {
  std::vector<known_model> found;
  const auto body = json::parse(tags_json, nullptr, false);
  if (!body.is_object() || !body.contains("models") || !body["models"].is_array())
    return found;
  for (const auto& m : body["models"]) {
    if (!m.is_object())
      continue;
    known_model model{text_of(m, "name"), text_of(m, "digest"), {}, {}};
    if (model.name.empty())
      continue;
    model.remote = !text_of(m, "remote_host").empty();
    if (const auto i = m.find("capabilities"); i != m.end())
      model.capabilities = texts_in(*i);
    found.push_back(std::move(model));
  }
  return found;
}

std::vector<std::string> capabilities_of(std::string_view show_json) {
  std::string_view list;
  json_scanner scan{show_json};
  scan.object([&](std::string_view key) {
    const auto value = scan.value();
    if (key == "capabilities")
      list = value;
  });
  return texts_in(json::parse(list, nullptr, false));
}

std::string blob_of(std::string_view show_json) {
  // With tensors the answer has tens of megabytes: no tree for one line of it.
  std::string modelfile;
  json_scanner scan{show_json};
  scan.object([&](std::string_view key) {
    const auto value = scan.value();
    if (key == "modelfile")
      modelfile = string_in(value);
  });
  if (!scan.ok)
    return {};
  for (std::string_view rest{modelfile}; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    // What follows may be a projector, or text that looks like a line.
    if (line.starts_with("FROM "))
      return digest_in(line);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return {};
}

} // namespace conductor
