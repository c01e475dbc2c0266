#pragma once

#include "messages/bytes.hpp"
#include "messages/course.hpp"
#include "messages/errors.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Reactive Streams, spoken as messages. A publisher sends no `next` beyond the demand
/// of its subscriber, then exactly one `complete` or `failed`, whatever happens; demand
/// is counted in bytes; `cancel` is idempotent and ends the stream without a terminal
/// event.
namespace conductor {

struct header_field {
  std::string name;
  std::string value;
};

/// What comes before a body: HTTP's status line and its end-to-end headers.
struct response_head {
  int status = 200;
  std::vector<header_field> headers;
  std::optional<std::uint64_t>
      length;            ///< declared by the sender; empty: known at the end
  bool bodiless = false; ///< an answer to HEAD, 204 or 304
  std::string backend;   ///< name of the backend that answers
};
using head_ptr = std::shared_ptr<const response_head>;

/// Counters of a finished answer as Ollama reports them; 0: not reported.
struct usage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t answer_tokens = 0;
  std::uint64_t load_ns = 0;
  std::uint64_t prompt_ns = 0;
  std::uint64_t answer_ns = 0;
  std::uint64_t total_ns = 0;
};

/// The stream begins; sent before the first `next`.
struct started {
  head_ptr head;
  answer_course course{}; ///< so far
};
/// Bytes of the body, within demand: whole records wherever the demand allows.
struct next {
  bytes data;
  request_clock::time_point
      read{}; ///< from Ollama's socket; not told of what waited here
};
/// Terminal: everything was said.
struct complete {
  usage used;
  bool error = false;   ///< the last record told an error
  std::string reason{}; ///< why the model ended, as Ollama says it; empty: not told
  answer_course course{};
};
/// Terminal: nothing more will come.
struct failed {
  errc code = errc::internal;
  std::string detail;
  unsigned retry_after_s = 0; ///< when it is worth to ask again; 0: not known
  answer_course course{};
};

/// What an error says, as the end of a stream.
inline failed to_failed(const caf::error& e) {
  auto f = to_failure(e);
  return {f.code, std::move(f.detail), f.retry_after_s, {}};
}

/// SUBSCRIBER: consumes one stream at a time.
using subscriber_actor =
    caf::typed_actor<caf::reacts_to<started>, caf::reacts_to<next>,
                     caf::reacts_to<complete>, caf::reacts_to<failed>>;

/// Asks to receive the stream's bytes from offset `from` on.
struct subscribe {
  subscriber_actor reader;
  std::uint64_t from = 0;
};
/// The sender can take that many more bytes.
struct demand {
  std::uint64_t bytes = 0;
};
/// The sender wants nothing more.
struct cancel {};

/// PUBLISHER: produces one stream. Who sends `demand` and `cancel` is known by its
/// address.
using publisher_actor = caf::typed_actor<caf::reacts_to<subscribe>,
                                         caf::reacts_to<demand>, caf::reacts_to<cancel>>;

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::next)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::complete)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::subscribe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::demand)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::cancel)
