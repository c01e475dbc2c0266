#pragma once

#include "messages/fleet.hpp"
#include "messages/gpu.hpp"
#include "messages/request.hpp"
#include "messages/stream.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// Every typed actor interface of the node: who can be told what. Roles in CAPITALS.
/// Messages marked INTERNAL an actor sends to itself. SUBSCRIBER and PUBLISHER, from
/// which the streaming roles are composed, are in messages/stream.hpp.
namespace conductor {

/// The socket took that many bytes of a body.
struct wrote {
  std::uint64_t bytes = 0;
};
/// The peer closed its connection.
struct gone {};
/// The peer took the last byte of an answer that is traced.
struct answer_taken {};
/// Finish what is in hand, take nothing more, then end.
struct drain {};
/// What was in hand is finished.
struct drained {};
/// The drain limit has passed: end what is in hand with an error.
struct expel {};
/// Look again, now.
struct refresh {};
/// INTERNAL: time to look again.
struct tick {};
/// INTERNAL: time to start that child anew.
struct restart {
  std::size_t child = 0;
};
/// INTERNAL: likewise for the BACKEND of that name.
struct restart_backend {
  std::string name;
};

/// What CLIENT gets an answer from.
using answer_actor = publisher_actor::extend<
    // The node drains: end, if this would go on for as long as somebody reads.
    caf::reacts_to<drain>>;

/// CLIENT: one client connection. Lane.
using client_actor = subscriber_actor::extend<
    // The peer asked for something. The next one comes after this one's end.
    caf::reacts_to<request_ptr>,
    // The socket took bytes of the answer: new demand.
    caf::reacts_to<wrote>, caf::reacts_to<answer_taken>,
    // The peer left: cancel what was asked for.
    caf::reacts_to<gone>,
    // Passed on to whom the answer comes from.
    caf::reacts_to<drain>,
    // The drain limit has passed: end the answer in flight with an error.
    caf::reacts_to<expel>>;

/// WIRE: one client's socket, what CLIENT speaks to. Reads an answer as a SUBSCRIBER,
/// publishes a streamed request body. Lane, adapter.
using wire_actor = subscriber_actor ::extend_with<publisher_actor>::extend<
    // A whole answer of the node itself.
    caf::reacts_to<response>,
    // Take no further request; close when the present one is answered.
    caf::reacts_to<drain>,
    // Passed on to CLIENT.
    caf::reacts_to<expel>,
    // INTERNAL: an I/O handler saw the end of the connection.
    caf::reacts_to<gone>>;

/// GENERATION: one answer in flight. Reads the upstream exchange as a SUBSCRIBER,
/// publishes the answer to its readers. Lane of the client that started it.
using generation_actor = subscriber_actor::extend_with<answer_actor>::extend<
    // Somebody else than a reader ends it: every reader is told `cancelled`.
    caf::reacts_to<stop_generation>, caf::reacts_to<keys_ended>,
    caf::reacts_to<watch_lease>,
    // Somebody watches the node.
    caf::replies_to<progress_query>::with<progress>>;

/// Brings a request to a backend; what comes back goes to `reader`.
struct open_exchange {
  request_ptr asked;
  lease_ptr at;
  subscriber_actor reader;
  std::uint64_t window = 0; ///< initial demand, in bytes
};

/// UPSTREAMS: the connections of one lane to the backends. Lane, adapter.
using upstreams_actor = caf::typed_actor<
    // Answers at once with the exchange; its failures come as its terminal event.
    caf::replies_to<open_exchange>::with<publisher_actor>>;

/// PLACES: where leases are had.
using places_actor = caf::typed_actor<
    // A lease when a place is free; an error of errc when there is none to be had.
    caf::replies_to<acquire>::with<lease_ptr>,
    // A request could not be brought to a backend; passed on to that BACKEND.
    caf::reacts_to<attempt_failed>,
    // A backend refused a request, which goes to another: counted.
    caf::reacts_to<moved_on>,
    // What an answer took: its flow is charged with it.
    caf::reacts_to<spent>,
    // The first record came of an answer whose lease is watched.
    caf::reacts_to<began>,
    // Why the last requests of that id went where they went.
    caf::replies_to<explain_query>::with<explanations>>;

/// What DISPATCHER tells those who keep leases for later.
using keeper_actor = caf::typed_actor<
    // Give back what is kept; keep nothing more while requests wait; watch what is in
    // use.
    caf::reacts_to<recall>>;
/// A keeper makes itself known.
struct join {
  keeper_actor keeper;
};

/// DESK: one lane's leases that are not in use just now, and its answers in flight. Lane.
using desk_actor = places_actor::extend_with<keeper_actor>::extend<
    // A lease that was in use is free.
    caf::reacts_to<lease_free>, caf::replies_to<generations_query>::with<generation_list>,
    caf::replies_to<stop_generation>::with<stopped_generations>,
    caf::reacts_to<keys_ended>,
    // INTERNAL: give back what was not used for a while.
    caf::reacts_to<tick>>;

/// DISPATCHER: the queue, and who gets the next free place. Worker.
using dispatcher_actor = places_actor::extend<
    // A place is free again.
    caf::reacts_to<lease_ended>,
    // Someone keeps leases: recall them when they are needed.
    caf::reacts_to<join>,
    // BACKEND's news.
    caf::reacts_to<backend_status>,
    // What waits and what runs.
    caf::replies_to<fleet_query>::with<fleet_status>,
    caf::replies_to<queue_query>::with<queue_list>,
    caf::replies_to<fresh_fleet_query>::with<fleet_status>,
    // Who can go on with an answer; `not_found` where nobody can.
    caf::replies_to<twin_query>::with<twin>,
    // An operator loads, unloads or pins a model; answered when it is done.
    caf::replies_to<model_order>::with<model_ordered>,
    // Backends come, change and go.
    caf::replies_to<backend_change>::with<fleet_status>, caf::reacts_to<fleet_config>,
    // INTERNAL: look for requests that waited too long.
    caf::reacts_to<tick>,
    // INTERNAL: a BACKEND that failed is started anew.
    caf::reacts_to<restart_backend>>;

/// BACKEND: one Ollama server. Worker.
using backend_actor = caf::typed_actor<
    // A request could not be brought to it: down until a probe succeeds.
    caf::reacts_to<attempt_failed>,
    // Look at once; answered when that is done, however it ended.
    caf::replies_to<refresh>::with<backend_status>,
    // Bring a model into memory, or out of it.
    caf::replies_to<load_model>::with<load_result>,
    // Whether that model's template goes on in an answer.
    caf::replies_to<probe_render>::with<render_result>,
    // INTERNAL: time for a probe.
    caf::reacts_to<tick>>;

/// PROBER: asks backends for signs of life. Lane, adapter.
using prober_actor = caf::typed_actor<caf::replies_to<probe>::with<probe_result>,
                                      caf::replies_to<probe_answer>::with<load_result>,
                                      caf::replies_to<probe_render>::with<render_result>>;

/// LOADER: brings models into memory. Lane, adapter.
using loader_actor = caf::typed_actor<caf::replies_to<load_model>::with<load_result>>;

/// GPU PROBE: one look at this machine's GPUs. Worker, adapter; drivers are called on a
/// thread of its own.
using gpu_probe_actor = caf::typed_actor<
    // Answers when the driver does, be it never.
    caf::replies_to<gpu_look>::with<gpu_sample_ptr>>;

/// GPU OBSERVER: turns reports into log lines and series. Worker, adapter.
using gpu_observer_actor = caf::typed_actor<caf::reacts_to<gpu_report_ptr>>;

/// GPU MONITOR: the last sample of every GPU and its history, and where models lie.
/// Worker.
using gpu_monitor_actor = caf::typed_actor<
    // What is known now.
    caf::replies_to<gpu_query>::with<gpu_answer_ptr>,
    // What is to be known next: whoever follows asks again with what it got.
    caf::replies_to<gpu_follow>::with<gpu_report_ptr>,
    // INTERNAL: time to look.
    caf::reacts_to<tick>>;

/// RESOURCES: answers what the node itself is asked. Worker, adapter.
using resources_actor = caf::typed_actor<caf::replies_to<request_ptr>::with<response>>;

/// OBSERVER: turns facts into log lines and series. Worker, adapter.
using observer_actor = caf::typed_actor<
    // A request ended.
    caf::reacts_to<request_summary>,
    // A backend changed.
    caf::reacts_to<backend_status>,
    // The last requests that ended here.
    caf::replies_to<requests_query>::with<ended_requests>,
    // Answers when what is traced was passed on.
    caf::replies_to<drain>::with<drained>,
    // INTERNAL: time to pass it on.
    caf::reacts_to<tick>>;

/// Requests that ended and whose spans are wanted.
struct traced_requests {
  ended_requests all;
};

/// EXPORTER: sends spans to a collector. A lane of its own, adapter.
using exporter_actor = caf::typed_actor<caf::reacts_to<traced_requests>,
                                        // Answers when what it has was sent, or dropped.
                                        caf::replies_to<drain>::with<drained>>;

/// SUPERVISOR: the lives of the others. Worker.
using supervisor_actor = caf::typed_actor<
    // INTERNAL: a child that failed has waited long enough.
    caf::reacts_to<restart>>;

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::wrote)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::answer_taken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::traced_requests)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::drain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::expel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::refresh)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::restart)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::restart_backend)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::open_exchange)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::join)
