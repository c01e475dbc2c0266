#include "messages/errors.hpp"

#include <caf/atom.hpp>
#include <caf/deep_to_string.hpp>
#include <caf/make_message.hpp>

#include <utility>

namespace conductor {
namespace {

constexpr auto category = caf::atom("conductor");

} // namespace

const char* to_string(errc code) noexcept {
  switch (code) {
  case errc::backend_unreachable:
    return "backend_unreachable";
  case errc::connect_timeout:
    return "connect_timeout";
  case errc::stale_connection:
    return "stale_connection";
  case errc::upstream_lost:
    return "upstream_lost";
  case errc::upstream_error:
    return "upstream_error";
  case errc::upstream_invalid:
    return "upstream_invalid";
  case errc::first_byte_timeout:
    return "first_byte_timeout";
  case errc::gap_timeout:
    return "gap_timeout";
  case errc::stream_truncated:
    return "stream_truncated";
  case errc::record_too_long:
    return "record_too_long";
  case errc::answer_too_long:
    return "answer_too_long";
  case errc::no_backend:
    return "no_backend";
  case errc::unknown_backend:
    return "unknown_backend";
  case errc::backend_down:
    return "backend_down";
  case errc::queue_full:
    return "queue_full";
  case errc::memory_exhausted:
    return "memory_exhausted";
  case errc::queue_timeout:
    return "queue_timeout";
  case errc::load_failed:
    return "load_failed";
  case errc::stalled:
    return "stalled";
  case errc::reader_too_slow:
    return "reader_too_slow";
  case errc::body_aborted:
    return "body_aborted";
  case errc::shutting_down:
    return "shutting_down";
  case errc::session_not_found:
    return "session_not_found";
  case errc::session_busy:
    return "session_busy";
  case errc::version_mismatch:
    return "version_mismatch";
  case errc::key_reused:
    return "key_reused";
  case errc::only_one:
    return "only_one";
  case errc::not_found:
    return "not_found";
  case errc::cancelled:
    return "cancelled";
  case errc::unauthenticated:
    return "unauthenticated";
  case errc::forbidden:
    return "forbidden";
  case errc::key_revoked:
    return "key_revoked";
  case errc::rate_limited:
    return "rate_limited";
  case errc::bad_request:
    return "bad_request";
  case errc::store_failed:
    return "store_failed";
  case errc::internal:
    return "internal";
  }
  return "unknown";
}

int status_of(errc code) {
  switch (code) {
  case errc::unknown_backend:
  case errc::bad_request:
    return 400;
  case errc::unauthenticated:
  case errc::key_revoked:
    return 401;
  case errc::forbidden:
    return 403;
  case errc::session_not_found:
  case errc::not_found:
    return 404;
  case errc::session_busy:
    return 409;
  case errc::version_mismatch:
    return 412;
  case errc::key_reused:
    return 422;
  case errc::rate_limited:
    return 429;
  case errc::cancelled:
    return 499;
  case errc::first_byte_timeout:
  case errc::gap_timeout:
  case errc::stalled:
    return 504;
  case errc::memory_exhausted:
  case errc::queue_full:
  case errc::queue_timeout:
  case errc::backend_down:
  case errc::no_backend:
  case errc::shutting_down:
  case errc::store_failed:
    return 503;
  case errc::load_failed:
  case errc::internal:
    return 500;
  default:
    return 502;
  }
}

caf::error make_error(errc code, std::string detail, unsigned retry_after_s) {
  return {static_cast<std::uint8_t>(code), category,
          caf::make_message(std::move(detail), retry_after_s)};
}

failure to_failure(const caf::error& error) {
  if (error && error.category() == category) {
    failure f{static_cast<errc>(error.code()), {}};
    if (error.context().match_elements<std::string, unsigned>()) {
      f.detail = error.context().get_as<std::string>(0);
      f.retry_after_s = error.context().get_as<unsigned>(1);
    }
    return f;
  }
  return {errc::internal, caf::deep_to_string(error), 0};
}

} // namespace conductor
