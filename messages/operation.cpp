#include "messages/operation.hpp"

#include <algorithm>
#include <array>

namespace conductor {

const char* operation_of(std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (path == "/api/generate" || path == "/v1/completions")
    return "text_completion";
  if (path.starts_with("/api/embed") || path == "/v1/embeddings")
    return "embeddings";
  constexpr std::array<std::string_view, 4> chats{"/api/chat", "/v1/chat/completions",
                                                  "/v1/messages", "/v1/responses"};
  return std::find(chats.begin(), chats.end(), path) != chats.end() ? "chat" : nullptr;
}

} // namespace conductor
