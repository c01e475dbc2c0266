#pragma once

#include "adapters/http/parser.hpp"
#include "config/settings.hpp"
#include "messages/trace.hpp"

#include <vector>

namespace conductor {

/// A trace that begins here; `sample` is the share of them that are sampled.
trace_ptr begin_trace(double sample);

/// The trace that a request is in: the one that it names, or one that begins here. Puts
/// it into `forwarded`, the headers for the backend. A traceparent that is none, or that
/// came twice, counts as if it had not come, and the tracestate with it. Null, and all
/// headers as they came, where no spans are made.
trace_ptr join_trace(const request_head& head, const trace_settings& how,
                     std::vector<header_field>& forwarded);

} // namespace conductor
