#include "adapters/ollama/errands.hpp"

#include <nlohmann/json.hpp>

namespace conductor {

request_ptr errand_request(std::string method, std::string target, std::string body) {
  auto asked = std::make_shared<request>();
  asked->id = "conductor";
  asked->method = std::move(method);
  asked->target = std::move(target);
  asked->headers = {{"User-Agent", "conductor"}};
  if (!body.empty())
    asked->headers.push_back({"Content-Type", "application/json"});
  asked->body = bytes::adopt(std::move(body));
  return asked;
}

std::string error_in(const errand_answer& a) {
  if (a.status == 0)
    return a.why.detail;
  const auto body = nlohmann::json::parse(a.body, nullptr, false);
  if (body.is_object() && body.contains("error") && body["error"].is_string())
    return body["error"];
  return "Ollama answered with status " + std::to_string(a.status);
}

} // namespace conductor
