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

/// Framing of a stream in that dialect, and its Content-Type.
framing stream_framing(dialect speaks);
std::string_view stream_type(framing frames);

/// What a stream says while there is nothing to say yet: an empty record of Ollama's
/// (`chat`: of /api/chat, else of /api/generate), for clients break on anything else; a
/// comment in server-sent events. `now` as Ollama spells a time.
std::string waiting_record(framing frames, bool chat, std::string_view model,
                           std::string_view now);

/// What an error body in any dialect says; the whole body where it says nothing.
std::string error_text(std::string_view body);

/// The record that tells an error inside a stream that already began; empty where the
/// framing has no way to tell it.
std::string error_record(dialect speaks, framing frames, std::string_view message,
                         std::string_view code);

} // namespace conductor
