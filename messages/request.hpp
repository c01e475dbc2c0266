#pragma once

#include "messages/key.hpp"
#include "messages/priority.hpp"
#include "messages/share.hpp"
#include "messages/stream.hpp"
#include "messages/trace.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// What a request asks of the node.
enum class request_kind {
  local,    ///< answered by the node itself
  follow,   ///< streamed by the node itself: a session's events, a backup
  list,     ///< of models: made one by the node, where there are several backends
  relay,    ///< passed to a backend, takes no place there
  inference ///< passed to a backend, takes a place there
};

/// Whose error bodies and stream endings the client understands.
enum class dialect {
  ollama,    ///< `{"error":"text"}`, NDJSON
  openai,    ///< OpenAI's error object, SSE ending with `[DONE]`
  responses, ///< OpenAI's Responses events
  anthropic, ///< Anthropic's error object and events
  native     ///< Conductor's own: RFC 9457 problem documents
};

/// One request of a client, parsed as far as the decisions need it. Immutable once sent.
struct request {
  std::string id; ///< X-Request-Id: the client's, or made here
  request_kind kind = request_kind::relay;
  conductor::dialect speaks = dialect::ollama;

  std::string method;
  std::string target;                ///< origin form, with the query
  std::vector<header_field> headers; ///< end-to-end headers that may go upstream
  bytes body;                        ///< whole, unless `upload` is set
  publisher_actor upload;            ///< source of a streamed body; null: none
  std::optional<std::uint64_t> upload_length;

  std::string model; ///< as the client spelled it; empty: none found
  std::string
      runner_options; ///< the options that make Ollama reload, in a canonical order
  bool bare = false;  ///< has no prompt: it loads or unloads the model itself
  bool edits_models = false; ///< changes what a backend has: goes to the primary one
  std::string pinned;        ///< X-Conductor-Backend; empty: any
  std::string session;       ///< conversation that it belongs to; empty: none known
  std::string flow; ///< who shares fairly with whom: a user, a session, an address
  priority_class priority = priority_class::normal;
  bool streams = false;    ///< the client asked for records as they come
  bool repeatable = false; ///< may be sent again if no byte of an answer came

  std::string peer; ///< the client's address, for the log
  grant_ptr by;     ///< whose key it came with; null: needs none, may do everything
  std::shared_ptr<const share> held;        ///< its body's part of the node's memory
  std::shared_ptr<const key_permit> permit; ///< of the key, where it takes one
  request_clock::time_point received{};
  trace_ptr trace; ///< null: it is in none
};
using request_ptr = std::shared_ptr<const request>;

/// Spans of it are wanted: it goes to a backend. What the node answers itself has none,
/// and a turn of a session has its own.
inline bool is_traced(const request& r) noexcept {
  return r.trace && r.trace->sampled && r.kind != request_kind::local &&
         r.kind != request_kind::follow;
}

/// A whole answer made by the node itself.
struct response {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<header_field> headers;
};

/// One line of the request log and one step of every request counter.
struct request_summary {
  request_ptr about;
  int status = 0;      ///< as sent; 0: the client left before a head
  std::string backend; ///< empty: none was asked
  std::string outcome; ///< `done`, `cancelled`, or an errc's name
  std::string detail;  ///< of the failure
  std::uint64_t body_bytes = 0;
  std::chrono::nanoseconds first{}; ///< request read to first record; 0: none came
  std::chrono::nanoseconds total{}; ///< request read to last byte handed to the socket
  usage used;
  std::string reason; ///< why the model ended; empty: not told
  answer_course course;
  request_clock::time_point
      taken{}; ///< the client took the last byte; told of traced ones
};

/// What is kept of a request that ended: neither its text nor its answer's.
struct ended_request {
  std::string id;
  std::int64_t time = 0; ///< read; nanoseconds since 1970, UTC
  request_kind kind = request_kind::relay;
  dialect speaks = dialect::ollama;
  std::string method;
  std::string path; ///< without the query
  std::string model;
  std::string backend;
  std::string session;
  std::string flow;
  std::string key;      ///< id; empty: it needed none
  std::string key_name; ///< as it was then
  std::string outcome;
  std::string detail;
  std::string reason;
  priority_class priority = priority_class::normal;
  bool streams = false;
  int status = 0;
  std::uint64_t body_bytes = 0;
  usage used;
  request_clock::time_point received{};
  request_clock::time_point ended{}; ///< the last byte was handed to the client's socket
  request_clock::time_point taken{}; ///< the client took it; told of traced ones
  answer_course course;
  trace_ptr trace;
};

/// Asks for the last requests that ended, the latest first.
struct requests_query {
  std::size_t limit = 100;
  std::string id;      ///< empty: any
  std::string model;   ///< canonical; empty: any
  std::string outcome; ///< empty: any
  std::string key;     ///< id; empty: any
};
using ended_requests = std::vector<ended_request>;

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::request_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::request_summary)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::requests_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::ended_requests)
