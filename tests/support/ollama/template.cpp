#include "tests/support/ollama/template.hpp"

#include "tests/support/ollama/answer_request.hpp"

namespace conductor::test {

using nlohmann::json;

std::string rendered_chat(const json& messages, bool closed) {
  std::string out;
  bool open = false;
  for (const auto& m : messages) {
    const auto role = m.value("role", "");
    open = role == "assistant" && !closed && &m == &messages.back();
    ((out += "<|") += role) += "|>";
    out += content_text(m.value("content", json{}));
    if (!open)
      out += "<|end|>\n";
  }
  return open ? out : out + "<|assistant|>";
}

bool closes_messages(std::string_view model) {
  return model.substr(0, model.rfind(':')).ends_with("-closed");
}

} // namespace conductor::test
