#pragma once

#include "adapters/blocking/executor.hpp"
#include "adapters/metrics/process.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <vector>

namespace conductor {

/// Asks for `process_facts`.
struct process_query {};

/// PROCESS PROBE: asks the kernel about this process. Worker, adapter.
using process_actor =
    caf::typed_actor<caf::replies_to<process_query>::with<process_facts>,
                     // INTERNAL: its thread has looked.
                     caf::reacts_to<process_facts>>;

/// PROCESS PROBE reads /proc on a thread of its own; all who ask meanwhile get what is
/// found.
struct process_probe_state {
  static inline const char* name = "process-probe";
  std::shared_ptr<executor> files;
  std::vector<caf::typed_response_promise<process_facts>> asking;
};

process_actor::behavior_type
process_probe(process_actor::stateful_pointer<process_probe_state> self,
              std::shared_ptr<executor> files);

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::process_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::process_facts)
