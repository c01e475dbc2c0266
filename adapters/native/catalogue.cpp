#include "adapters/native/catalogue.hpp"

#include "adapters/native/json_input.hpp"
#include "adapters/native/time_text.hpp"
#include "messages/model_name.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace conductor {
namespace {

using json = json_input::json;
using json_input::dump;
using json_input::text_or_empty;

/// The objects in `models` of an answer.
std::vector<json> models_in(const std::string& answer) {
  std::vector<json> found;
  try {
    auto body = json_input::object_of(answer);
    const auto models = body.find("models");
    if (models == body.end() || !models->is_array())
      return found;
    for (auto& model : *models)
      if (model.is_object())
        found.push_back(std::move(model));
  } catch (const json_input::bad_request&) { // NOLINT(bugprone-empty-catch)
    // The other backends are there without this one.
  }
  return found;
}

std::string name_of(const json& model) {
  auto name = text_or_empty(model, "model");
  return name.empty() ? text_or_empty(model, "name") : name;
}

bool may_use(const grant_ptr& by, const json& model) {
  return !by || by->may_use(name_of(model));
}

std::chrono::seconds::rep unix_seconds(const json& model, const char* key) {
  const std::chrono::milliseconds time{time_of(text_or_empty(model, key))};
  return std::chrono::floor<std::chrono::seconds>(time).count();
}

/// Ollama compares whole seconds and leaves equal ones as they are.
void latest_first(std::vector<json>& models, const char* key) {
  std::vector<std::pair<std::chrono::seconds::rep, json>> dated;
  for (auto& model : models)
    dated.emplace_back(unix_seconds(model, key), std::move(model));
  std::stable_sort(dated.begin(), dated.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::transform(dated.begin(), dated.end(), models.begin(),
                 [](auto& d) { return std::move(d.second); });
}

std::vector<json> models_of(const std::vector<backend_texts>& all, const grant_ptr& by) {
  std::vector<json> models;
  std::set<std::string> known;
  for (const auto& backend : all)
    for (auto& model : models_in(backend.tags)) {
      const auto name = canonical_model(name_of(model));
      if (!name.empty() && may_use(by, model) && known.insert(name).second)
        models.push_back(std::move(model));
    }
  latest_first(models, "modified_at");
  return models;
}

std::string listed(std::vector<json> models) {
  return dump(json{{"models", json(std::move(models))}});
}

std::string namespace_of(std::string_view name) {
  const auto slash = name.rfind('/');
  if (slash == std::string_view::npos)
    return "library";
  name = name.substr(0, slash);
  name = name.substr(name.rfind('/') + 1);
  return name.empty() ? "library" : std::string{name};
}

json as_openai(const json& model, std::string_view id) {
  return {{"id", id},
          {"object", "model"},
          {"created", unix_seconds(model, "modified_at")},
          {"owned_by", namespace_of(id)}};
}

} // namespace

std::string merged_tags(const std::vector<backend_texts>& all, const grant_ptr& by) {
  return listed(models_of(all, by));
}

std::string merged_ps(const std::vector<backend_texts>& all, const grant_ptr& by) {
  std::vector<json> loaded;
  for (const auto& backend : all)
    for (auto& model : models_in(backend.ps))
      if (may_use(by, model))
        loaded.push_back(std::move(model));
  latest_first(loaded, "expires_at");
  return listed(std::move(loaded));
}

std::string merged_openai_models(const std::vector<backend_texts>& all,
                                 const grant_ptr& by) {
  json data; // Ollama lists no models as null
  for (const auto& model : models_of(all, by))
    data.push_back(as_openai(model, name_of(model)));
  return dump(json{{"object", "list"}, {"data", std::move(data)}}) + "\n";
}

std::optional<std::string> openai_model(const std::vector<backend_texts>& all,
                                        std::string_view id, const grant_ptr& by) {
  const auto wanted = canonical_model(id);
  for (const auto& model : models_of(all, by))
    if (canonical_model(name_of(model)) == wanted)
      return dump(as_openai(model, id)) + "\n";
  return std::nullopt;
}

} // namespace conductor
