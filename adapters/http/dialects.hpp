#pragma once

#include "messages/request.hpp"

#include <string>
#include <string_view>

namespace conductor {

/// How records follow each other in a streamed body.
enum class framing {
  opaque, ///< no records: bytes
  ndjson, ///< one JSON object a line
  sse     ///< server-sent events
};

/// By an answer's Content-Type.
framing framing_of(std::string_view content_type);

/// What a client is told of a failure; 503 of a full queue has Ollama's own words, which
/// clients match on.
std::string message_of(errc code, std::string_view detail);

/// An error answer in the client's dialect, before anything else was sent.
/// `retry_after_s` goes with a 503 and a 429.
response error_response(dialect speaks, int status, std::string_view message,
                        std::string_view code, std::string_view request_id,
                        unsigned retry_after_s = 1);

/// The record that tells an error inside a stream that already began; empty where the
/// framing has no way to tell it.
std::string error_record(dialect speaks, framing frames, std::string_view message,
                         std::string_view code);

} // namespace conductor
