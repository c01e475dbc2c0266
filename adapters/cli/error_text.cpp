#include "adapters/cli/client.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

std::string error_text(unsigned status, std::string_view body) {
  auto code = "HTTP " + std::to_string(status);
  auto doc = nlohmann::json::parse(body, nullptr, false);
  if (doc.is_object()) {
    auto error = doc.value("error", nlohmann::json());
    if (error.is_object())
      error = error.value("message", nlohmann::json());
    for (const auto* key : {"detail", "title"})
      if (!error.is_string() && doc.contains(key))
        error = doc[key];
    auto text = error.is_string() ? error.get<std::string>() : code;
    if (doc.contains("signin_url") && doc["signin_url"].is_string())
      text += " (sign in at " + doc["signin_url"].get<std::string>() + ")";
    return text;
  }
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r'))
    body.remove_suffix(1);
  if (body.empty() || body.size() > 500 || body.front() == '<')
    return code;
  return code.append(": ").append(body);
}

} // namespace conductor::cli
