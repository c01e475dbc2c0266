#include "adapters/native/answers.hpp"

#include "adapters/native/json_input.hpp"

#include <utility>

namespace conductor {

response json_answer(int status, std::string body) {
  return {status, "application/json; charset=utf-8", std::move(body) + "\n", {}};
}

response problem(std::string_view request_id, int status, std::string_view title,
                 std::string_view code, std::string_view detail) {
  return {status,
          "application/problem+json",
          json_input::dump({{"type", "about:blank"},
                            {"title", title},
                            {"status", status},
                            {"detail", detail},
                            {"code", code},
                            {"request_id", request_id}}),
          {}};
}

response not_allowed(const request& asked, const std::string& allowed) {
  auto r = problem(asked.id, 405, "Method Not Allowed", "method_not_allowed",
                   "this path takes " + allowed);
  r.headers.push_back({"Allow", allowed});
  return r;
}

} // namespace conductor
