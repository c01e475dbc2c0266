#pragma once

#include "adapters/trace/otlp.hpp"
#include "adapters/trace/span_buffer.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"
#include "messages/monitored.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace conductor {

/// What became of spans. Any thread.
struct span_counts {
  std::atomic<std::uint64_t> exported{0};
  std::atomic<std::uint64_t> dropped{0}; ///< no room, refused, or not to be delivered
};

/// INTERNAL to EXPORTER: the pause after a refusal is over.
struct ask_again {
  std::uint64_t number = 0; ///< of the try
};

/// EXPORTER as a reader of the collector's answers.
using exporting_actor = exporter_actor::extend_with<subscriber_actor>::extend<
    // INTERNAL: what waits has waited long enough.
    caf::reacts_to<tick>, caf::reacts_to<ask_again>>;

/// What an EXPORTER needs of its node.
struct exporter_links {
  upstreams_actor upstreams; ///< of its lane, which carries no streams
  otlp::resource of;
  std::shared_ptr<span_counts> counts;
};

/// EXPORTER owns the spans that the collector has not taken yet. One request at a time,
/// of 512 spans or 1 MiB or what came within `trace.interval`. A batch that is refused
/// with 429, 502, 503 or 504, or that did not reach the collector, is sent again after
/// Retry-After or a growing pause, five times in all; any other failure drops it. Nobody
/// waits for it: more than `trace.buffer` is dropped.
struct exporter_state {
  static inline const char* name = "exporter";

  trace_settings how;
  exporter_links links;
  backend_ptr collector;
  span_buffer waiting{0};
  span_buffer::part batch;  ///< under way, or to be sent again; no spans: none is
  unsigned tries = 0;       ///< of the batch
  std::uint64_t number = 0; ///< of the try
  bool pausing = false;     ///< before the batch is sent again
  bool timing = false;      ///< a tick is on its way
  monitored<publisher_actor> exchange; ///< that carries the batch
  int status = 0;                      ///< of its answer; 0: none came
  unsigned retry_after_s = 0;
  std::string answer;
  bool failing = false; ///< that was logged
  std::vector<caf::typed_response_promise<drained>> draining;
};

exporting_actor::behavior_type
exporter(exporting_actor::stateful_pointer<exporter_state> self, trace_settings how,
         exporter_links links);

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::ask_again)
