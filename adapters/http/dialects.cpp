#include "adapters/http/dialects.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace conductor {
namespace {

using json = nlohmann::ordered_json;

std::string dump(const json& j) {
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string openai_type(int status) {
  return status == 400 || status == 401 || status == 403 ? "invalid_request_error"
         : status == 429                                 ? "requests"
         : status == 404                                 ? "not_found_error"
                                                         : "api_error";
}

std::string anthropic_type(int status) {
  switch (status) {
  case 400:
    return "invalid_request_error";
  case 401:
    return "authentication_error";
  case 403:
    return "permission_error";
  case 404:
    return "not_found_error";
  case 413:
    return "request_too_large";
  case 429:
    return "rate_limit_error";
  case 503:
    return "overloaded_error";
  default:
    return "api_error";
  }
}

std::string title_of(int status) {
  switch (status) {
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 409:
    return "Conflict";
  case 412:
    return "Precondition Failed";
  case 413:
    return "Content Too Large";
  case 422:
    return "Unprocessable Content";
  case 429:
    return "Too Many Requests";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  default:
    return "Error";
  }
}

/// OpenAI's own codes, where clients look at them.
json openai_code(int status) {
  return status == 401   ? json("invalid_api_key")
         : status == 403 ? json("insufficient_permissions")
         : status == 429 ? json("rate_limit_exceeded")
                         : json(nullptr);
}

json openai_error(int status, std::string_view message) {
  return {{"error",
           {{"message", message},
            {"type", openai_type(status)},
            {"param", nullptr},
            {"code", openai_code(status)}}}};
}

} // namespace

framing framing_of(std::string_view type) {
  if (type.starts_with("application/x-ndjson"))
    return framing::ndjson;
  if (type.starts_with("text/event-stream"))
    return framing::sse;
  return framing::opaque;
}

std::string message_of(errc code, std::string_view detail) {
  if (code == errc::queue_full || code == errc::queue_timeout)
    return "server busy, please try again.  maximum pending requests exceeded";
  if (code == errc::stream_truncated)
    return "upstream stream ended unexpectedly";
  return detail.empty() ? to_string(code) : std::string{detail};
}

response error_response(dialect speaks, int status, std::string_view message,
                        std::string_view code, std::string_view request_id,
                        unsigned retry_after_s) {
  response r;
  r.status = status;
  r.content_type = "application/json; charset=utf-8";
  if (status == 503 || status == 429)
    r.headers.push_back({"Retry-After", std::to_string(std::max(retry_after_s, 1u))});
  if (status == 401)
    r.headers.push_back({"WWW-Authenticate", "Bearer realm=\"conductor\""});
  switch (speaks) {
  case dialect::ollama:
    // The stock CLI looks for the words of a 401 nowhere else (api.AuthorizationError).
    r.body = status == 401 ? dump({{"error", message}, {"status", message}})
                           : dump({{"error", message}});
    break;
  case dialect::openai:
  case dialect::responses:
    r.body = dump(openai_error(status, message));
    break;
  case dialect::anthropic:
    r.body = dump({{"type", "error"},
                   {"error", {{"type", anthropic_type(status)}, {"message", message}}},
                   {"request_id", request_id}});
    break;
  case dialect::native:
    r.content_type = "application/problem+json";
    r.body = dump({{"type", "about:blank"},
                   {"title", title_of(status)},
                   {"status", status},
                   {"detail", message},
                   {"code", code},
                   {"request_id", request_id}});
    break;
  }
  return r;
}

framing stream_framing(dialect speaks) {
  return speaks == dialect::ollama ? framing::ndjson : framing::sse;
}

std::string_view stream_type(framing frames) {
  return frames == framing::ndjson ? "application/x-ndjson" : "text/event-stream";
}

std::string waiting_record(framing frames, bool chat, std::string_view model,
                           std::string_view now) {
  if (frames == framing::sse)
    return ": waiting\n\n";
  json record{{"model", model}, {"created_at", now}};
  if (chat)
    record["message"] = {{"role", "assistant"}, {"content", ""}};
  else
    record["response"] = "";
  record["done"] = false;
  return dump(record) + "\n";
}

std::string error_text(std::string_view body) {
  const auto j = json::parse(body, nullptr, false);
  if (j.is_object() && j.contains("error")) {
    const auto& e = j["error"];
    if (e.is_string())
      return e;
    if (e.is_object() && e.contains("message") && e["message"].is_string())
      return e["message"];
  }
  return std::string{body};
}

std::string error_record(dialect speaks, framing frames, std::string_view message,
                         std::string_view code) {
  if (frames == framing::ndjson)
    return dump({{"error", message}}) + "\n";
  if (frames == framing::opaque)
    return {};
  switch (speaks) {
  case dialect::responses:
    return "event: response.failed\ndata: " +
           dump({{"type", "response.failed"},
                 {"response",
                  {{"object", "response"},
                   {"status", "failed"},
                   {"error", {{"code", "server_error"}, {"message", message}}}}}}) +
           "\n\n";
  case dialect::anthropic:
    return "event: error\ndata: " +
           dump({{"type", "error"},
                 {"error", {{"type", "api_error"}, {"message", message}}}}) +
           "\n\n";
  default: {
    auto error = openai_error(500, message);
    error["error"]["code"] = code;
    return "data: " + dump(error) + "\n\n";
  }
  }
}

} // namespace conductor
