#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace conductor {

/// Where a request stands in somebody's trace: W3C Trace Context. Immutable once sent.
struct trace_context {
  std::uint64_t trace_high = 0; ///< the trace's id, 16 bytes; never all zero
  std::uint64_t trace_low = 0;
  std::uint64_t parent = 0; ///< span of the caller; 0: the trace begins here
  std::uint64_t span = 0;   ///< of this request; its last byte is 0
  bool sampled = false;     ///< spans of it are wanted
  bool random = false;      ///< the trace's id is said to be random
  std::string state;        ///< tracestate as it came; empty: none
};
using trace_ptr = std::shared_ptr<const trace_context>;

/// The n-th span within the request's own, from 1 to 255. The first one is what the
/// backend is asked.
inline std::uint64_t child_span(const trace_context& t, std::uint8_t n) noexcept {
  return t.span + n;
}

/// Trace, parent and flags of a `traceparent` header: version 00 exactly, a later one as
/// far as it is known. Empty: it is none, and counts as if it had not come.
std::optional<trace_context> parse_traceparent(std::string_view text);

/// The header for the backend, which is asked in the first child span.
std::string to_traceparent(const trace_context& t);

/// 16 lower-case hex digits.
std::string hex_digits(std::uint64_t value);
/// The trace's id, 32 of them.
std::string trace_id(const trace_context& t);

} // namespace conductor
