#pragma once

#include "messages/errors.hpp"
#include "messages/request.hpp"

#include <caf/typed_response_promise.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace conductor {

/// One JSON value, and a newline.
response json_answer(int status, std::string body);

/// A problem document of RFC 9457, for what is no failure of an actor: those travel as
/// errors, and WIRE writes the same document.
response problem(std::string_view request_id, int status, std::string_view title,
                 std::string_view code, std::string_view detail);

/// Delivers what `make` makes, a response or an error. What it fails by is told who
/// asked, and ends nobody else.
template <class Make>
void deliver(caf::typed_response_promise<response> reply, Make make) {
  try {
    reply.deliver(make());
  } catch (const std::exception& e) {
    reply.deliver(make_error(errc::internal, e.what()));
  }
}

/// 405, with the methods that the path takes.
response not_allowed(const request& asked, const std::string& allowed);

} // namespace conductor
