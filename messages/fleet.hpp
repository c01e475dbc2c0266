#pragma once

#include "messages/errors.hpp"
#include "messages/request.hpp"

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace conductor {

/// Whether a backend answers, as last seen.
enum class backend_state { unknown, up, down };
inline const char* to_string(backend_state state) noexcept {
  return state == backend_state::up     ? "up"
         : state == backend_state::down ? "down"
                                        : "unknown";
}

/// A model in a backend's memory, as GET /api/ps tells it.
struct loaded_model {
  std::string name;
  std::string digest;
  std::uint64_t size = 0;        ///< bytes, all of it
  std::uint64_t size_on_gpu = 0; ///< bytes of these on GPUs
  std::uint64_t context = 0;     ///< tokens that each answer may use; 0: not told
  bool operator==(const loaded_model&) const = default;
};

/// A model that a backend has, as GET /api/tags and POST /api/show tell it.
struct known_model {
  std::string name;
  std::string digest; ///< of its manifest: another for each alias
  std::string blob; ///< of its weights, 64 hex digits; aliases share it; empty: not known
  std::vector<std::string> capabilities; ///< `completion`, `tools`, `vision`, …
  bool operator==(const known_model&) const = default;
};

/// What BACKEND knows of its Ollama server.
struct backend_status {
  std::string name;
  std::string url;
  backend_state state = backend_state::unknown;
  std::string version;                 ///< Ollama's; empty until it answered
  std::string error;                   ///< why it is down
  std::chrono::microseconds latency{}; ///< of the last probe that succeeded
  std::optional<unsigned> parallel;    ///< places per model; empty: not limited here
  std::vector<loaded_model> loaded;    ///< by the last probe
};

/// A request's way into the queue.
struct acquire {
  std::string model;
  std::string pinned;             ///< only this backend; empty: any
  std::vector<std::string> tried; ///< backends that failed this request already
  bool takes_place = false;       ///< inference: counts against the model's places
  caf::actor_addr waiter;         ///< leaves the queue when it ends; none: the sender
  std::string session;            ///< goes where it went last; empty: anywhere
  request_ptr about;              ///< for the list of answers in flight; may be null
};

/// The right to ask one backend. The place is free again when the last pointer is gone.
struct lease {
  std::uint64_t id = 0;
  std::string backend;
  std::string model;
};
using lease_ptr = std::shared_ptr<const lease>;

/// What an answer took, before its lease ends.
struct spent {
  std::uint64_t lease = 0;
  std::string model;
  std::string flow;
  priority_class priority = priority_class::normal;
  std::chrono::nanoseconds cost{}; ///< GPU time as Ollama reports it, or else the time
                                   ///< that the place was held
  bool whole = false; ///< the answer was given to its end: others may take as long
};

/// Sent by a lease's destruction.
struct lease_ended {
  std::uint64_t id = 0;
};

/// A kept lease may be used again, for a request of the same kind.
struct lease_free {
  lease_ptr kept;
  bool takes_place = false;
  std::uint64_t epoch = 0; ///< of the recall that it was granted after
  bool may_stay = false;   ///< fit for any request of its model
  caf::actor_addr asked_by;
};

/// One answer in flight.
struct generation_info {
  request_ptr about;
  std::string backend; ///< empty: it waits for a place
};
struct generations_query {};
using generation_list = std::vector<generation_info>;
/// Ends the answers to the request of that id.
struct stop_generation {
  std::string id;
};
struct stopped_generations {
  std::size_t count = 0;
};

/// Ends the keeping of leases: once, or for as long as requests wait.
struct recall {
  bool waiting = false;
};

/// A request could not be brought to a backend.
struct attempt_failed {
  std::string backend;
  errc code = errc::backend_unreachable;
  std::string detail;
};

/// A backend refused a request that another may serve: it is asked there.
struct moved_on {
  std::string backend;
};

/// Asks whether a backend answers.
struct probe {
  std::string backend;
};
struct probe_result {
  std::string version;
  std::chrono::microseconds latency{};
  std::vector<loaded_model> loaded;
};
/// One backend as DISPATCHER sees it.
struct backend_load {
  backend_status status;
  std::size_t in_flight = 0; ///< leases that take a place
  std::size_t relayed = 0;   ///< leases that take none
};

/// Asks DISPATCHER who waits, in about the order in which they are served.
struct queue_query {};
struct queue_entry {
  request_ptr about;
  std::chrono::nanoseconds waited{};
  std::chrono::nanoseconds wait{}; ///< estimate of what is to come
};
using queue_list = std::vector<queue_entry>;

/// Asks DISPATCHER for `fleet_status`.
struct fleet_query {};
struct fleet_status {
  std::vector<backend_load> backends;
  std::size_t waiting = 0;
  std::size_t queue_limit = 0;
  std::uint64_t moved_on = 0; ///< requests that a backend refused and another was asked
};

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::backend_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::acquire)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::lease_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::lease_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::spent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::queue_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::queue_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::lease_free)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::generations_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::generation_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::stop_generation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::stopped_generations)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::recall)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::attempt_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::moved_on)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::probe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::probe_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::fleet_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::fleet_status)
