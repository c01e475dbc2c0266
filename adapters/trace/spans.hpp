#pragma once

#include "messages/request.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace conductor {

/// One span as OpenTelemetry has it; times in nanoseconds since 1970, UTC.
struct span {
  enum class kind { internal = 1, server = 2, client = 3 }; // OTLP's numbers
  using value = std::variant<std::string, std::int64_t, std::vector<std::string>>;
  struct event {
    std::string name;
    std::int64_t time = 0;
  };

  trace_ptr trace;
  std::uint64_t id = 0;
  std::uint64_t parent = 0; ///< 0: it is the trace's root
  std::string name;
  kind is = kind::internal;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::vector<std::pair<std::string, value>> attributes;
  std::vector<event> events;
  std::string error; ///< what went wrong; empty: nothing
};

/// The spans of a request that ended and is traced: its own first (`chat MODEL` for a
/// chat), then those within it: `queue`, `load`, `upstream` of each attempt, and `relay`.
std::vector<span> spans_of(const ended_request& r);

} // namespace conductor
