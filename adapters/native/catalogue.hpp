#pragma once

#include "messages/key.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// What a backend answered last, as JSON texts; empty: nothing yet.
struct backend_texts {
  std::string backend; ///< its name
  std::string tags;    ///< GET /api/tags
  std::string ps;      ///< GET /api/ps
};

// Several backends shown as one Ollama, in the shape and order of its answers. Records
// stay as a backend wrote them; a text that is none of Ollama's answers counts as empty.
// Models that whoever asks may not use are left out; null: he may use all.

/// GET /api/tags: each model once, as the first backend that has it tells it, the one
/// that was modified last first.
std::string merged_tags(const std::vector<backend_texts>& all,
                        const grant_ptr& by = nullptr);

/// GET /api/ps: every loaded model of every backend, the one that stays longest first.
std::string merged_ps(const std::vector<backend_texts>& all,
                      const grant_ptr& by = nullptr);

/// GET /v1/models: the models of `merged_tags` as OpenAI lists them.
std::string merged_openai_models(const std::vector<backend_texts>& all,
                                 const grant_ptr& by = nullptr);

/// GET /v1/models/ID, which it calls as it was asked for; empty: no backend has it.
std::optional<std::string> openai_model(const std::vector<backend_texts>& all,
                                        std::string_view id,
                                        const grant_ptr& by = nullptr);

} // namespace conductor
