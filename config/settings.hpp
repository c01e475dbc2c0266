#pragma once

#include "config/endpoint.hpp"
#include "config/network.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace conductor {

using std::chrono::milliseconds;

/// What happens to an answer whose reader is slower than Ollama.
enum class slow_reader {
  spool, ///< Ollama is read at full speed into a bounded buffer
  hold   ///< reading upstream stops: back-pressure reaches Ollama
};

/// Severity from which a line is logged.
enum class log_level { trace, debug, info, warn, error };

/// Shape of a log line.
enum class log_format { text, json };

/// Where clients connect. Section `[server]`.
struct server_settings {
  std::vector<endpoint> listen;            ///< what users talk to
  std::optional<endpoint> admin_listen;    ///< probes and metrics, own lane
  bool insecure = false;                   ///< nobody needs a key, wherever he comes from
  std::vector<std::string> origins;        ///< allowed besides Ollama's defaults
  std::vector<network> trusted_proxies;    ///< whose word on their clients counts
  bool console = true;                     ///< the web console, at /console
  std::size_t max_connections = 20'000;    ///< open client connections, whole node
  std::size_t max_head_bytes = 64 * 1024;  ///< request line and headers
  std::size_t max_body_bytes = 256u << 20; ///< a request body that is read whole
  milliseconds head_timeout{30'000};       ///< first to last byte of a request head
  milliseconds body_timeout{60'000};       ///< longest gap while a body arrives
  milliseconds keep_alive{0}; ///< idle connection is closed after; 0: never, as Ollama
  milliseconds drain{30'000}; ///< answers in flight may take this long at stop
};

/// What nothing shows.
struct secret {
  std::string text;
  bool operator==(const secret&) const = default;
};

/// Least version of TLS that is spoken.
enum class tls_version { v1_2, v1_3 };

/// Files in PEM, by path or as `credential:NAME` (config/credential.hpp); empty: none.
/// Section `[tls]`.
struct tls_settings {
  std::string certificate; ///< of `https://` listeners, with its chain
  std::string key;         ///< of that certificate
  std::string client_ca;   ///< clients must show a certificate that these signed
  tls_version min_version = tls_version::v1_2;
  std::string backend_ca;          ///< who signs for backends; empty: the system's
  std::string backend_certificate; ///< shown to backends that ask for one
  std::string backend_key;
  bool operator==(const tls_settings&) const = default;
};

/// What nobody may have more of. Section `[limits]`.
struct limit_settings {
  std::size_t peer_connections = 512; ///< of one address elsewhere; 0: any number
  std::size_t memory_bytes = 0;       ///< bodies and answers held, whole node; 0: by
                                      ///< the machine's memory
  std::size_t key_memory_bytes = 0;   ///< bodies held for one key; 0: half of that
  std::size_t peer_memory_bytes = 0;  ///< bodies held for one address elsewhere that
                                      ///< needs no key; 0: half of that too
};

/// One Ollama server. Section `[[backend]]`.
struct backend_settings {
  std::string name;                   ///< unique, as in X-Conductor-Backend
  endpoint url;                       ///< http://host:port
  std::optional<unsigned> parallel;   ///< answers at once per model; empty: inferred
  std::optional<unsigned> max_loaded; ///< models at once; empty: found out by loading
  unsigned weight = 1;                ///< share of the answers beside others
  unsigned tier = 0;                  ///< a lower one first, while it has a free place
  bool primary = false;    ///< gets what changes models; without any: the first one
  std::string probe_model; ///< asked for a real token now and then; empty: never
  std::string token_file;  ///< holds what it is sent as Bearer; empty: nothing is
  secret bearer;           ///< what that file holds; the node reads it
  bool operator==(const backend_settings&) const = default;
};

/// Whose runner options count, where clients ask for different ones.
enum class option_policy {
  pass, ///< the client's: a change reloads the model
  pin,  ///< the configured ones
  raise ///< the largest: a model that is loaded is never made smaller
};

/// How a model is run. Section `[[model]]`; the first that fits a name counts.
struct model_settings {
  std::string name; ///< `NAME[:TAG]`; `*` at the end is any text
  option_policy options = option_policy::pass;
  std::optional<unsigned> num_ctx; ///< tokens; of `pin` and `raise`
  std::string keep_alive; ///< JSON text, for requests that say none; empty: Ollama's
  bool pin = false;       ///< loaded before anyone asks, and kept
  bool derive = false;    ///< OpenAI's routes get `num_ctx` by a derived model
  bool operator==(const model_settings&) const = default;
};

/// Deadlines and buffers towards Ollama. Section `[upstream]`.
struct upstream_settings {
  milliseconds connect_timeout{250};          ///< one connection attempt
  milliseconds handshake_timeout{5'000};      ///< TLS, once connected
  milliseconds first_byte_timeout{0};         ///< request sent to first record; 0: none
  milliseconds gap_timeout{600'000};          ///< between two records; 0: none
  milliseconds probe_interval{5'000};         ///< between health probes of one backend
  milliseconds probe_timeout{2'000};          ///< one health probe
  milliseconds answer_probe_interval{60'000}; ///< between probes by a real answer
  bool loads = true;                  ///< loads are the node's, not their first client's
  milliseconds load_timeout{600'000}; ///< one load; 0: none
  milliseconds stall_floor{30'000};   ///< least silence that may be suspect; 0: never
  unsigned retries_per_second = 10;   ///< requests asked again elsewhere, whole node
  std::size_t idle_connections = 64;  ///< kept per lane and backend
  std::size_t max_record_bytes = 8u << 20; ///< one NDJSON line or SSE event
};

/// How answers reach their readers. Section `[stream]`.
struct stream_settings {
  slow_reader slow = slow_reader::spool; ///< policy for a reader slower than Ollama
  std::size_t buffer_bytes = 64u << 20;  ///< kept of one answer for its readers
  std::size_t window_bytes = 256 * 1024; ///< demand of one reader
  milliseconds write_timeout{60'000};    ///< a reader that takes no byte is dropped after
  milliseconds keep_alive{0};      ///< drop-in streams that wait are told so; 0: never
  bool continue_elsewhere = false; ///< a session's answer cut short goes on elsewhere
};

/// Who waits where. Section `[queue]`.
struct queue_settings {
  std::size_t limit = 4096;             ///< requests waiting for a place, whole node
  std::size_t max_bytes = 256u << 20;   ///< bodies of requests that wait, whole node
  std::string default_class = "normal"; ///< of requests that name none
  milliseconds max_wait{600'000};       ///< then 503 with Retry-After
  milliseconds ageing{30'000};          ///< who waited so long rises to the next class
  milliseconds swap_after{10'000};      ///< who waited so long has another model unloaded
  milliseconds zombie_grace{5'000};     ///< longest that an answer given up holds a place
};

/// How this machine's GPUs are looked at.
enum class gpu_probe_kind {
  any,   ///< NVML, else sysfs, else not at all
  nvml,  ///< NVIDIA's library
  sysfs, ///< what the kernel tells of amdgpu, i915 and xe
  none
};

/// Section `[gpu]`.
struct gpu_settings {
  gpu_probe_kind probe = gpu_probe_kind::any;
  milliseconds interval{1'000};              ///< between two looks while something runs
  milliseconds idle_interval{10'000};        ///< between two looks else
  std::string library = "libnvidia-ml.so.1"; ///< NVML, as dlopen(3) finds it
};

/// Threads. Section `[runtime]`.
struct runtime_settings {
  unsigned lanes = 0;         ///< threads that carry sockets; 0: by processor count
  unsigned workers = 0;       ///< CAF's work-stealing threads; 0: by processor count
  milliseconds stall{50};     ///< a handler or lane turn longer than this is logged
  milliseconds stuck{10'000}; ///< a lane or worker that does not turn fails /healthz
};

/// Series for Prometheus. Section `[metrics]`.
struct metrics_settings {
  unsigned models = 100;    ///< told apart in each family; the others are `other`
  std::string shadow_model; ///< asked directly and through the node; empty: never
  milliseconds shadow_interval{60'000}; ///< between two such pairs
};

/// Section `[log]`.
struct log_settings {
  log_level level = log_level::info;
  log_format format = log_format::text;
  bool requests = true;             ///< one line per request
  std::size_t keep_requests = 1000; ///< that ended, told by /conductor/v1/requests
};

/// Spans of requests for an OpenTelemetry collector. Section `[trace]`.
struct trace_settings {
  std::optional<endpoint> collector;   ///< OTLP over HTTP, in JSON; empty: no spans
  double sample = 1;                   ///< share of those that come without a trace
  milliseconds interval{5'000};        ///< longest that a span waits for others
  std::size_t buffer_bytes = 4u << 20; ///< of spans that wait for the collector
};

/// Who needs a key.
enum class access_rule {
  remote, ///< whoever comes from another machine, also through a proxy
  always  ///< all but the node's own user and root, at a Unix socket
};

/// Section `[access]`.
struct access_settings {
  access_rule require = access_rule::remote;
};

/// Everything that can be set. Plain values: no file, no environment here.
struct settings {
  server_settings server;
  tls_settings tls;
  limit_settings limits;
  std::vector<backend_settings> backends;
  std::vector<model_settings> models;
  upstream_settings upstream;
  stream_settings stream;
  queue_settings queue;
  gpu_settings gpu;
  runtime_settings runtime;
  metrics_settings metrics;
  log_settings log;
  trace_settings trace;
  access_settings access;
  std::string data_dir; ///< `[store] data_dir`: conversations, in SQLite, and keys
};

} // namespace conductor
