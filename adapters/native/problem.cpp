#include "adapters/native/problem.hpp"

#include <nlohmann/json.hpp>

namespace conductor {
namespace {

const char* title_of(int status) {
  switch (status) {
  case 400:
    return "Bad Request";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 409:
    return "Conflict";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  default:
    return "Internal Server Error";
  }
}

int status_of(errc code) {
  switch (code) {
  case errc::session_not_found:
    return 404;
  case errc::session_busy:
    return 409;
  case errc::store_failed:
    return 503;
  default:
    return 500;
  }
}

} // namespace

response problem(std::string_view request_id, int status, std::string_view code,
                 std::string_view detail) {
  const nlohmann::ordered_json body{{"type", "about:blank"}, {"title", title_of(status)},
                                    {"status", status},      {"detail", detail},
                                    {"code", code},          {"request_id", request_id}};
  return {status,
          "application/problem+json",
          body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
              "\n",
          {}};
}

response problem_of(std::string_view request_id, const caf::error& failure) {
  const auto f = to_failure(failure);
  return problem(request_id, status_of(f.code), to_string(f.code), f.detail);
}

} // namespace conductor
