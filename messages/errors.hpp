#pragma once

#include <caf/error.hpp>

#include <cstdint>
#include <string>

namespace conductor {

/// Why an answer, a lease or a request failed. The detail beside it names the culprit.
enum class errc : std::uint8_t {
  backend_unreachable = 1, ///< no connection to Ollama: refused, reset, no route
  connect_timeout,         ///< Ollama's address did not accept in time
  stale_connection,   ///< a pooled connection ended before the first byte of an answer
  upstream_lost,      ///< Ollama's connection ended inside an answer
  upstream_error,     ///< Ollama answered with an error of its own
  upstream_invalid,   ///< what Ollama sent is not HTTP
  first_byte_timeout, ///< no first record in time
  gap_timeout,        ///< too long between two records
  stream_truncated,   ///< a stream ended without its last record
  record_too_long,    ///< one record exceeds `upstream.max_record`
  answer_too_long,    ///< a conversation's answer exceeds `stream.buffer`
  no_backend,         ///< every backend is down
  unknown_backend,    ///< X-Conductor-Backend names none
  backend_down,       ///< the pinned backend is down
  queue_full,         ///< `queue.limit` requests wait already
  memory_exhausted,   ///< `limits.memory` is held already
  queue_timeout,      ///< waited longer than `queue.max_wait`
  load_failed,        ///< the model could not be brought into memory
  stalled,            ///< silent for longer than this server ever was
  reader_too_slow,    ///< a reader fell further behind than `stream.buffer`
  body_aborted,       ///< the client left inside its request body
  shutting_down,      ///< the node stops
  session_not_found,  ///< no session has that id
  session_busy,       ///< a turn is under way, and the message was not to wait
  version_mismatch,   ///< the session is no longer of the version that was wanted
  key_reused,         ///< an Idempotency-Key came with another request before
  only_one,           ///< there is but one backend, which answers for itself
  not_found,          ///< there is nothing of that name
  cancelled,          ///< somebody else ended the answer
  unauthenticated,    ///< no key, or one that lets nobody in
  forbidden,          ///< the key is not for this; the detail says what is missing
  key_revoked,        ///< the key it came with counts no longer
  rate_limited,       ///< the key used what it may; it is told when to come again
  bad_request,        ///< it asks for what cannot be; the detail says why
  store_failed,       ///< the store did not take it: nothing was acknowledged
  internal            ///< an actor failed
};

/// The enumerator's name.
const char* to_string(errc code) noexcept;

/// The HTTP status that a client is told it by.
int status_of(errc code);

/// An error for CAF's response promises; `detail` is a sentence for people.
caf::error make_error(errc code, std::string detail = {}, unsigned retry_after_s = 0);

/// What an error of this category carries; `internal` and CAF's text for any other.
struct failure {
  errc code = errc::internal;
  std::string detail;
  unsigned retry_after_s = 0; ///< when it is worth to ask again; 0: not known
};
failure to_failure(const caf::error& error);

} // namespace conductor
