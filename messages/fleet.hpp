#pragma once

#include "messages/errors.hpp"
#include "messages/request.hpp"

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace conductor {

/// One Ollama server as it is configured; config/settings.hpp.
struct backend_settings;
/// How a model is run; likewise.
struct model_settings;
using backend_ptr = std::shared_ptr<const backend_settings>;

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
  std::string expires;           ///< as Ollama spells it; set anew whenever it goes idle
  bool operator==(const loaded_model&) const = default;
};

/// A model that a backend has, as GET /api/tags and POST /api/show tell it.
struct known_model {
  std::string name;
  std::string digest; ///< of its manifest: another for each alias
  std::string blob; ///< of its weights, 64 hex digits; aliases share it; empty: not known
  std::vector<std::string> capabilities; ///< `completion`, `tools`, `vision`, …
  bool remote = false; ///< another server runs it: nothing is loaded for it
  bool operator==(const known_model&) const = default;
};

/// What a backend said of its models.
struct inventory {
  std::vector<known_model> models;
  std::string tags; ///< GET /api/tags, as it was answered
  std::string ps;   ///< GET /api/ps, likewise
};
using inventory_ptr = std::shared_ptr<const inventory>;

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
  inventory_ptr known;                 ///< null: it never told
};

/// A request's way into the queue.
struct acquire {
  std::string model;
  std::string pinned;             ///< only this backend; empty: any
  std::vector<std::string> tried; ///< backends that failed this request already
  bool takes_place = false;       ///< inference: counts against the model's places
  caf::actor_addr waiter;         ///< leaves the queue when it ends; none: the sender
  std::string options;            ///< runner options, `key=value,…`, sorted
  bool bare = false;              ///< loads or unloads the model itself
  std::string session;            ///< goes where it went last; empty: anywhere
  request_ptr about;              ///< who asks for what; null: the node itself
};

/// What Conductor sets in a request's JSON body: everything else stays byte for byte.
struct body_changes {
  std::string model; ///< in place of `model`, or of `name` where that alone is there;
                     ///< empty: as it is
  std::vector<std::pair<std::string, std::string>>
      options;            ///< `options.KEY` := JSON text, e.g. {"num_ctx", "8192"}
  std::string keep_alive; ///< JSON text (`"5m"`, `-1`), only where the body has none or
                          ///< null; empty: as it is
};
using body_changes_ptr = std::shared_ptr<const body_changes>;

/// The right to ask one backend. The place is free again when the last pointer is gone.
struct lease {
  std::uint64_t id = 0;
  std::string backend;
  std::string model;
  backend_ptr server;
  body_changes_ptr changes; ///< null: the body goes as it came
  bool watched = false;     ///< its first record is to be told (`began`)
  /// The load that was waited for, from when on and until when; `time_point{}`: none was.
  request_clock::time_point load_began{};
  request_clock::time_point load_ended{};
  /// Silence beyond which the server is suspect, learned from it; zero: too little known.
  std::chrono::milliseconds first_patience{};
  std::chrono::milliseconds gap_patience{};
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
  bool cut = false;   ///< given up before its end: Ollama may still be at it
  std::chrono::nanoseconds first{};    ///< asked to first record; 0: none came
  std::uint64_t gaps = 0;              ///< between records,
  std::chrono::nanoseconds mean_gap{}; ///< with this mean
  std::chrono::nanoseconds longest_gap{};
};

/// The first record of an answer came, whose lease is watched.
struct began {
  std::uint64_t lease = 0;
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
  bool may_stay = false;   ///< fit for any request of its model and `kind`
  std::string kind;        ///< what else must be the same: runner options, dialect
  caf::actor_addr asked_by;
};

/// One answer in flight.
struct generation_info {
  request_ptr about;
  std::string backend;               ///< empty: it waits for a place
  std::uint64_t pieces = 0;          ///< records that came
  request_clock::time_point first{}; ///< when the first of them did
};
struct generations_query {};
/// How far one answer is.
struct progress_query {};
struct progress {
  std::uint64_t pieces = 0;
  request_clock::time_point first{};
};
using generation_list = std::vector<generation_info>;
/// Ends the answers to the request of that id.
struct stop_generation {
  std::string id;
  grant_ptr by{}; ///< who asks: others' answers are not there for him
};
struct stopped_generations {
  std::size_t count = 0;
};
/// Some keys may count no longer: what is under way by those ends.
struct keys_ended {};

/// Ends the keeping of leases: once, or for as long as requests wait.
struct recall {
  bool waiting = false;
  bool watch = false; ///< those in use are watched from now on
};
/// What is under way is watched from now on: its first record is told (`began`), at once
/// where it came already.
struct watch_lease {};

/// A request could not be brought to a backend.
struct attempt_failed {
  std::string backend;
  errc code = errc::backend_unreachable;
  std::string detail;
  std::uint64_t successes = 0; ///< leases there that ended since the last failure
};

/// A backend refused a request that another may serve: it is asked there.
struct moved_on {
  std::string backend;
};

/// Asks whether a backend answers, and what it has.
struct probe {
  backend_ptr server;
  inventory_ptr known; ///< what was told before: only what is new is asked about
};
struct probe_result {
  std::string version;
  std::chrono::microseconds latency{};
  std::vector<loaded_model> loaded;
  inventory_ptr known;
};
/// Asks for a real answer of one token: the one sign that answers can be had.
struct probe_answer {
  backend_ptr server;
  std::string model;
};

/// Asks whether a model's template goes on in an answer that was begun: what is rendered
/// ends with the answer's text.
struct probe_render {
  backend_ptr server; ///< filled in by BACKEND
  std::string model;
};
struct render_result {
  bool continues = false;
};

/// Asks for a backend that can go on where another one was lost: it has the very same
/// model, and its template can.
struct twin_query {
  std::string model;
  std::string lost; ///< backend
};
struct twin {
  std::string backend;
};

/// Brings a model into a backend's memory, or out of it. Nobody's leaving ends it.
struct load_model {
  backend_ptr server; ///< filled in by BACKEND
  std::string model;
  std::string derive_from; ///< make it of that one first, with `options`
  std::string options;     ///< runner options, `key=value,…`
  body_changes set;        ///< runner options and `keep_alive`, as JSON
  bool unload = false;     ///< out of memory
  bool embeds = false;     ///< it makes embeddings only
  /// It is given up after that, as the server is suspect; zero: too little is known.
  std::chrono::milliseconds patience{};
};
struct load_result {
  std::chrono::nanoseconds took{};
};

/// What an operator wants of a model.
struct model_order {
  enum class verb { load, unload, pin, unpin };
  verb what = verb::load;
  std::string model;
  std::string backend; ///< empty: where the model is
  body_changes set;
};
struct model_ordered {
  std::vector<std::string> backends; ///< where it was done
};

/// A backend comes, changes or goes; answers in flight are not touched.
struct backend_change {
  enum class verb { put, remove, drain, undrain };
  verb what = verb::put;
  std::string name;
  backend_ptr server; ///< of `put`
};
/// Backends and how models are run, as the configuration has them now.
struct fleet_config {
  std::vector<backend_ptr> backends;
  std::shared_ptr<const std::vector<model_settings>> models;
};
/// One model of a backend as DISPATCHER sees it.
struct runner_load {
  std::string model;
  std::string options; ///< runner options that it was loaded with
  bool loaded = false;
  bool pinned = false;
  std::size_t running = 0;
  std::size_t zombies = 0;
  std::size_t places = 0; ///< answers at once
  bool learned = false;   ///< `places` was found by watching it
};

/// One backend as DISPATCHER sees it.
struct backend_load {
  backend_status status;
  std::size_t in_flight = 0; ///< leases that take a place
  std::size_t relayed = 0;   ///< leases that take none
  std::size_t zombies = 0;   ///< places of answers given up that may still be at work
  bool draining = false;     ///< gets nothing new
  bool tripped = false;      ///< too many answers failed there: tried again later
  std::string loading;       ///< the model that is being loaded
  std::size_t loads = 0;     ///< done by this node
  std::chrono::nanoseconds load_time{}; ///< of these
  std::size_t swaps =
      0; ///< loads for which another model, or other options, had to leave
  std::chrono::nanoseconds swap_time{};   ///< of these
  std::chrono::nanoseconds zombie_time{}; ///< of places that nobody had any use of
  std::vector<runner_load> runners;
};

/// Asks DISPATCHER who waits, in about the order in which they are served.
struct queue_query {};
struct queue_entry {
  request_ptr about;
  std::chrono::nanoseconds waited{};
  std::chrono::nanoseconds wait{}; ///< estimate of what is to come
  std::string loading_on;          ///< backend that loads its model; empty: none does
};
using queue_list = std::vector<queue_entry>;

/// One class of those who wait.
struct class_load {
  std::size_t waiting = 0;
  std::size_t flows = 0; ///< of these
  double deficit_s = 0;  ///< GPU time that the one of them which owes most had too early
};

/// Asks DISPATCHER for `fleet_status`.
struct fleet_query {};
struct fleet_status {
  std::vector<backend_load> backends;
  std::size_t waiting = 0;
  std::size_t queue_limit = 0;
  std::uint64_t moved_on = 0; ///< requests that a backend refused and another was asked
  std::uint64_t retries_refused =
      0;                   ///< requests that could have gone on, but too many did
  std::size_t mailbox = 0; ///< messages that waited for DISPATCHER when it was asked
  std::array<class_load, 3> classes{}; ///< by priority_class
};
/// The same, after every backend that is up was asked anew.
struct fresh_fleet_query {};

/// How one backend stood to one request.
struct candidate {
  enum class fit {
    unfit,   ///< it cannot serve this one now
    ready,   ///< it has a place
    full,    ///< it has the model, and no place
    load,    ///< it has to load the model, and can do so now
    loading, ///< it is loading it
    blocked  ///< it has to load the model, and cannot do so yet
  };
  std::string backend;
  fit is = fit::unfit;
  const char* why = "";     ///< a word for people
  std::string load_error;   ///< what Ollama said when it could not load the model
  bool alone = false;       ///< to load it there makes no other model leave
  bool lacks_model = false; ///< it told its models, and this is none of them
  int health = 0;           ///< 0 answers, 1 not heard of yet, 2 answers fail, 3 is down
  bool loaded = false;      ///< the model is in memory, with the same runner options
  bool last = false;        ///< the session went there before
  bool primary = false;     ///< gets what changes models
  double gpu_share = 1;     ///< of the model's bytes
  unsigned tier = 0;
  double in_use = 0; ///< answers in flight, by weight
  double wait_s = 0; ///< expected, until a place is free
};

/// Why a request went where it went.
struct explanation {
  std::string request;
  std::string model;
  std::string backend; ///< that it went to; empty: none
  std::string decided; ///< `granted`, `kept` (a lane's lease), or an errc's name
  std::chrono::nanoseconds waited{};
  std::vector<candidate> candidates; ///< as they stood when it was decided
  std::string key{};                 ///< id of the request's; empty: it needed none
};
struct explain_query {
  std::string request;
};
using explanations = std::vector<explanation>;

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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::keys_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::stopped_generations)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::recall)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::watch_lease)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::attempt_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::moved_on)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::probe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::probe_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::fleet_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::fleet_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::began)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::probe_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::probe_render)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::render_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::twin_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::twin)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::load_model)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::load_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::model_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::model_ordered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::backend_change)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::fleet_config)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::fresh_fleet_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::explain_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::progress_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::explanations)
