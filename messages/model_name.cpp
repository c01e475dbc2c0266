#include "messages/model_name.hpp"

#include <algorithm>

namespace conductor {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

std::string canonical_model(std::string_view name) {
  if (name.empty())
    return {};
  std::string text{name};
  std::transform(text.begin(), text.end(), text.begin(), lower);
  for (std::string_view prefix : {"registry.ollama.ai/", "library/"})
    if (text.starts_with(prefix))
      text.erase(0, prefix.size());
  const auto slash = text.rfind('/');
  const auto tag = text.find(':', slash == std::string::npos ? 0 : slash);
  if (tag == std::string::npos)
    text += ":latest";
  return text;
}

} // namespace conductor
