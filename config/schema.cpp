#include "config/schema.hpp"

#include "config/value.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

namespace conductor {
namespace {

using texts = std::vector<std::string>;

template <class E>
struct choice {
  std::string_view name;
  E value;
};

constexpr std::array slow_readers{choice<slow_reader>{"spool", slow_reader::spool},
                                  choice<slow_reader>{"hold", slow_reader::hold}};
constexpr std::array probes{choice<gpu_probe_kind>{"auto", gpu_probe_kind::any},
                            choice<gpu_probe_kind>{"nvml", gpu_probe_kind::nvml},
                            choice<gpu_probe_kind>{"sysfs", gpu_probe_kind::sysfs},
                            choice<gpu_probe_kind>{"none", gpu_probe_kind::none}};
constexpr std::array levels{choice<log_level>{"trace", log_level::trace},
                            choice<log_level>{"debug", log_level::debug},
                            choice<log_level>{"info", log_level::info},
                            choice<log_level>{"warn", log_level::warn},
                            choice<log_level>{"error", log_level::error}};
constexpr std::array classes{choice<std::string_view>{"interactive", "interactive"},
                             choice<std::string_view>{"normal", "normal"},
                             choice<std::string_view>{"batch", "batch"}};
constexpr std::array access_rules{choice<access_rule>{"remote", access_rule::remote},
                                  choice<access_rule>{"always", access_rule::always}};
constexpr std::array tls_versions{choice<tls_version>{"1.2", tls_version::v1_2},
                                  choice<tls_version>{"1.3", tls_version::v1_3}};
constexpr std::array formats{choice<log_format>{"text", log_format::text},
                             choice<log_format>{"json", log_format::json}};

template <class Choices>
auto parse_choice(std::string_view text, const Choices& choices) {
  std::string allowed;
  for (const auto& c : choices) {
    if (c.name == text)
      return c.value;
    allowed += (allowed.empty() ? "" : ", ") + std::string{c.name};
  }
  throw std::invalid_argument("\"" + std::string{text} +
                              "\" is not allowed; allowed: " + allowed);
}

/// Helpers that make the two functions of a key from a pointer to its place.
template <class Get>
auto duration_at(Get get, milliseconds least = milliseconds(0)) {
  return std::pair{[get, least](settings& s, const texts& t) {
                     const auto value = parse_duration(t.back());
                     if (value < least)
                       throw std::invalid_argument("\"" + t.back() +
                                                   "\" is too short; allowed: " +
                                                   show_duration(least) + " and more");
                     get(s) = value;
                   },
                   [get](const settings& s) {
                     return quoted(show_duration(get(const_cast<settings&>(s))));
                   }};
}

template <class Get>
auto size_at(Get get, std::size_t least, std::size_t most) {
  return std::pair{[=](settings& s, const texts& t) {
                     const auto value = parse_size(t.back());
                     if (value < least || value > most)
                       throw std::invalid_argument(
                           "\"" + t.back() + "\" is out of range; allowed: " +
                           show_size(least) + " to " + show_size(most));
                     get(s) = value;
                   },
                   [get](const settings& s) {
                     return quoted(show_size(get(const_cast<settings&>(s))));
                   }};
}

template <class Get>
auto number_at(Get get, std::uint64_t least, std::uint64_t most) {
  return std::pair{
      [=](settings& s, const texts& t) {
        auto& place = get(s);
        place = static_cast<std::remove_reference_t<decltype(place)>>(
            parse_number(t.back(), least, most));
      },
      [get](const settings& s) { return std::to_string(get(const_cast<settings&>(s))); }};
}

template <class Get>
auto switch_at(Get get) {
  return std::pair{
      [get](settings& s, const texts& t) { get(s) = parse_switch(t.back()); },
      [get](const settings& s) {
        return std::string{get(const_cast<settings&>(s)) ? "true" : "false"};
      }};
}

template <class Get>
auto text_at(Get get) {
  return std::pair{
      [get](settings& s, const texts& t) { get(s) = t.back(); },
      [get](const settings& s) { return quoted(get(const_cast<settings&>(s))); }};
}

/// A text that is not empty; `is_no` and `allowed` are for who gives none.
template <class Get>
auto text_at(Get get, const char* is_no, const char* allowed) {
  auto any = text_at(get);
  return std::pair{[=](settings& s, const texts& t) {
                     if (t.back().empty())
                       throw std::invalid_argument(std::string{"\"\" is no "} + is_no +
                                                   "; allowed: " + allowed);
                     any.first(s, t);
                   },
                   any.second};
}

template <class Get, class Choices>
auto choice_at(Get get, const Choices& choices) {
  return std::pair{[get, &choices](settings& s, const texts& t) {
                     get(s) = parse_choice(t.back(), choices);
                   },
                   [get, &choices](const settings& s) {
                     const auto value = get(const_cast<settings&>(s));
                     for (const auto& c : choices)
                       if (c.value == value)
                         return quoted(c.name);
                     return std::string{};
                   }};
}

std::string listed(const texts& values) {
  std::string text = "[";
  for (const auto& v : values)
    text += (text.size() > 1 ? ", " : "") + quoted(v);
  return text + "]";
}

template <class Pair>
key_spec key(std::string_view name, Pair functions, std::string_view help,
             std::string_view flag = {}, std::string_view metavar = {}) {
  return {name, flag, false, false, metavar, help, functions.first, functions.second};
}

// A place in the settings, as a function that returns a reference to it.
#define CONDUCTOR_AT(member)                                                             \
  [](settings & s) -> auto& {                                                            \
    return s.member;                                                                     \
  }

/// A key of many values, each read and shown by itself.
template <class Get, class Parse, class Show>
key_spec list_key(std::string_view name, std::string_view flag, std::string_view metavar,
                  std::string_view help, Get get, Parse parse, Show show) {
  return {name,
          flag,
          true,
          false,
          metavar,
          help,
          [=](settings& s, const texts& t) {
            auto& all = get(s);
            all.clear();
            for (const auto& text : t)
              all.push_back(parse(text));
          },
          [=](const settings& s) {
            texts all;
            for (const auto& value : get(const_cast<settings&>(s)))
              all.push_back(show(value));
            return listed(all);
          }};
}

key_spec listen_key() {
  return list_key(
      "server.listen", "listen", "ADDR",
      "Where clients connect: host:port, https://host:port or unix:/path; repeatable",
      CONDUCTOR_AT(server.listen), parse_listen, to_listen);
}

key_spec admin_key() {
  return {
      "server.admin_listen",
      "admin-listen",
      false,
      false,
      "ADDR",
      "A listener of its own, on a lane of its own, for probes and metrics; \"\": none",
      [](settings& s, const texts& t) {
        s.server.admin_listen.reset();
        if (!t.back().empty())
          s.server.admin_listen = parse_listen(t.back());
      },
      [](const settings& s) {
        return quoted(s.server.admin_listen ? to_listen(*s.server.admin_listen) : "");
      }};
}

key_spec origins_key() {
  const auto as_it_is = [](const std::string& text) { return text; };
  return list_key("server.origins", "", "ORIGIN",
                  "Origins of web pages allowed besides Ollama's own; `*` is any text",
                  CONDUCTOR_AT(server.origins), as_it_is, as_it_is);
}

key_spec proxies_key() {
  return list_key(
      "server.trusted_proxies", "", "NETWORK",
      "Proxies whose X-Forwarded-For counts: addresses or networks as 10.0.0.0/8",
      CONDUCTOR_AT(server.trusted_proxies), parse_network,
      [](const network& n) { return to_string(n); });
}

key_spec collector_key() {
  return {"trace.endpoint",
          "",
          false,
          false,
          "URL",
          "OpenTelemetry collector for spans, as http://host:4318; \"\": none",
          [](settings& s, const texts& t) {
            s.trace.collector.reset();
            if (!t.back().empty())
              s.trace.collector = parse_collector(t.back());
          },
          [](const settings& s) {
            return quoted(s.trace.collector ? to_url(*s.trace.collector) : "");
          }};
}

key_spec sample_key() {
  return {"trace.sample",
          "",
          false,
          false,
          "SHARE",
          "Share of the requests without a trace that begin one: 0 to 1",
          [](settings& s, const texts& t) { s.trace.sample = parse_share(t.back()); },
          [](const settings& s) { return show_share(s.trace.sample); }};
}

std::vector<key_spec> make_schema() {
  constexpr std::size_t gib = std::size_t{1} << 30;
  auto insecure =
      key("server.insecure", switch_at(CONDUCTOR_AT(server.insecure)),
          "Nobody needs a key, also who comes from another machine", "insecure");
  insecure.on_off = true;
  return {
      listen_key(),
      admin_key(),
      insecure,
      origins_key(),
      proxies_key(),
      key("server.console", switch_at(CONDUCTOR_AT(server.console)),
          "The web console, at /console"),
      key("server.max_connections",
          number_at(CONDUCTOR_AT(server.max_connections), 1, 1'000'000),
          "Open client connections, whole node"),
      key("server.max_head", size_at(CONDUCTOR_AT(server.max_head_bytes), 1024, 1u << 20),
          "A request's line and headers"),
      key("server.max_body", size_at(CONDUCTOR_AT(server.max_body_bytes), 1024, 16 * gib),
          "A request body that is read whole; uploads have no limit"),
      key("server.head_timeout", duration_at(CONDUCTOR_AT(server.head_timeout)),
          "First to last byte of a request's head; 0: no limit"),
      key("server.body_timeout", duration_at(CONDUCTOR_AT(server.body_timeout)),
          "Longest gap while a request's body arrives; 0: no limit"),
      key("server.keep_alive", duration_at(CONDUCTOR_AT(server.keep_alive)),
          "An idle client connection is closed after; 0: never, as Ollama"),
      key("server.drain", duration_at(CONDUCTOR_AT(server.drain)),
          "At stop, answers in flight may take this long"),
      key("tls.certificate", text_at(CONDUCTOR_AT(tls.certificate)),
          "Certificate of https:// listeners, with its chain: a PEM file"),
      key("tls.key", text_at(CONDUCTOR_AT(tls.key)),
          "Private key of that certificate: a PEM file"),
      key("tls.client_ca", text_at(CONDUCTOR_AT(tls.client_ca)),
          "Clients must show a certificate signed by one of this PEM file; \"\": none"),
      key("tls.min_version", choice_at(CONDUCTOR_AT(tls.min_version), tls_versions),
          "Least version of TLS: 1.2 or 1.3"),
      key("tls.backend_ca", text_at(CONDUCTOR_AT(tls.backend_ca)),
          "Who may sign for https:// backends: a PEM file; \"\": whom the system trusts"),
      key("tls.backend_certificate", text_at(CONDUCTOR_AT(tls.backend_certificate)),
          "Shown to backends that ask for a certificate: a PEM file; \"\": none"),
      key("tls.backend_key", text_at(CONDUCTOR_AT(tls.backend_key)),
          "Private key of that certificate: a PEM file"),
      key("limits.peer_connections",
          number_at(CONDUCTOR_AT(limits.peer_connections), 0, 1'000'000),
          "Open connections of one address of another machine; 0: any number"),
      key("limits.memory", size_at(CONDUCTOR_AT(limits.memory_bytes), 0, 1024 * gib),
          "Bodies and answers held, whole node; 0: half of the machine's memory"),
      key("limits.key_memory",
          size_at(CONDUCTOR_AT(limits.key_memory_bytes), 0, 1024 * gib),
          "Held for one key; 0: half of limits.memory"),
      key("limits.peer_memory",
          size_at(CONDUCTOR_AT(limits.peer_memory_bytes), 0, 1024 * gib),
          "Held for one address without a key; 0: half of limits.memory"),
      key("upstream.connect_timeout",
          duration_at(CONDUCTOR_AT(upstream.connect_timeout), milliseconds(1)),
          "One connection attempt to a backend"),
      key("upstream.handshake_timeout",
          duration_at(CONDUCTOR_AT(upstream.handshake_timeout), milliseconds(1)),
          "TLS with a backend, once it is connected"),
      key("upstream.first_byte_timeout",
          duration_at(CONDUCTOR_AT(upstream.first_byte_timeout)),
          "Request sent to first byte of the answer, loading included; 0: no limit"),
      key("upstream.gap_timeout", duration_at(CONDUCTOR_AT(upstream.gap_timeout)),
          "Between two pieces of an answer; 0: no limit"),
      key("upstream.probe_interval",
          duration_at(CONDUCTOR_AT(upstream.probe_interval), milliseconds(100)),
          "Between two health probes of a backend"),
      key("upstream.probe_timeout",
          duration_at(CONDUCTOR_AT(upstream.probe_timeout), milliseconds(1)),
          "A health probe's answer must come within"),
      key("upstream.answer_probe_interval",
          duration_at(CONDUCTOR_AT(upstream.answer_probe_interval), milliseconds(1000)),
          "Between two real answers of a backend with probe_model"),
      key("upstream.loads", switch_at(CONDUCTOR_AT(upstream.loads)),
          "Load models for those who wait; false: leave it to Ollama"),
      key("upstream.load_timeout", duration_at(CONDUCTOR_AT(upstream.load_timeout)),
          "A load must be done within; 0: no limit"),
      key("upstream.stall_floor", duration_at(CONDUCTOR_AT(upstream.stall_floor)),
          "Least silence that can be taken for a hang, as learned; 0: never"),
      key("upstream.retries_per_second",
          number_at(CONDUCTOR_AT(upstream.retries_per_second), 0, 100'000),
          "Requests that may be asked again elsewhere, whole node"),
      key("upstream.idle_connections",
          number_at(CONDUCTOR_AT(upstream.idle_connections), 0, 10'000),
          "Kept open to each backend, by each lane"),
      key("upstream.max_record",
          size_at(CONDUCTOR_AT(upstream.max_record_bytes), 1024, gib),
          "One NDJSON line or SSE event"),
      key("stream.slow_reader", choice_at(CONDUCTOR_AT(stream.slow), slow_readers),
          "spool: read Ollama at full speed into a bounded buffer; hold: make Ollama "
          "wait"),
      key("stream.buffer", size_at(CONDUCTOR_AT(stream.buffer_bytes), 4096, 16 * gib),
          "Kept of one answer for its readers"),
      key("stream.window", size_at(CONDUCTOR_AT(stream.window_bytes), 4096, gib),
          "Demand of one reader"),
      key("stream.write_timeout", duration_at(CONDUCTOR_AT(stream.write_timeout)),
          "A client that takes no byte is dropped after; 0: never"),
      key("stream.keep_alive", duration_at(CONDUCTOR_AT(stream.keep_alive)),
          "A drop-in stream that waits gets an empty record as often; 0: never"),
      key("stream.continue", switch_at(CONDUCTOR_AT(stream.continue_elsewhere)),
          "A session's answer that a backend cut short goes on at its equal"),
      key("queue.limit", number_at(CONDUCTOR_AT(queue.limit), 0, 1'000'000),
          "Requests that may wait for a place, whole node"),
      key("queue.max_bytes", size_at(CONDUCTOR_AT(queue.max_bytes), 0, 1024 * gib),
          "Bodies of requests that wait, whole node"),
      key("queue.default_class", choice_at(CONDUCTOR_AT(queue.default_class), classes),
          "Class of requests without X-Conductor-Class: interactive, normal or batch"),
      key("queue.ageing", duration_at(CONDUCTOR_AT(queue.ageing), milliseconds(1)),
          "Who waited so long rises to the next class"),
      key("queue.swap_after", duration_at(CONDUCTOR_AT(queue.swap_after)),
          "Who waited so long for a load has another model make room"),
      key("queue.zombie_grace", duration_at(CONDUCTOR_AT(queue.zombie_grace)),
          "Longest that an answer which was given up holds its place"),
      key("queue.max_wait", duration_at(CONDUCTOR_AT(queue.max_wait), milliseconds(1)),
          "Longest wait for a place; then 503"),
      key("gpu.probe", choice_at(CONDUCTOR_AT(gpu.probe), probes),
          "How this machine's GPUs are looked at; auto: NVML, else sysfs, else none"),
      key("gpu.interval", duration_at(CONDUCTOR_AT(gpu.interval), milliseconds(100)),
          "Between two looks at the GPUs while something runs"),
      key("gpu.idle_interval",
          duration_at(CONDUCTOR_AT(gpu.idle_interval), milliseconds(100)),
          "Between two looks at the GPUs while nothing does"),
      key("gpu.library",
          text_at(CONDUCTOR_AT(gpu.library), "library", "a name or a path"),
          "NVML: the name of the library, or its path"),
      key("runtime.lanes", number_at(CONDUCTOR_AT(runtime.lanes), 0, 256),
          "Threads that carry sockets; 0: half the processors, 1 to 8"),
      key("runtime.workers", number_at(CONDUCTOR_AT(runtime.workers), 0, 256),
          "Threads that decide; 0: half the processors, 1 to 4"),
      key("runtime.stall", duration_at(CONDUCTOR_AT(runtime.stall), milliseconds(1)),
          "A handler that runs longer is logged and counted"),
      key("runtime.stuck", duration_at(CONDUCTOR_AT(runtime.stuck), milliseconds(100)),
          "A lane or worker that does not turn for so long fails /healthz"),
      key("metrics.models", number_at(CONDUCTOR_AT(metrics.models), 1, 10'000),
          "Models that are told apart in each family of series"),
      key("metrics.shadow_model", text_at(CONDUCTOR_AT(metrics.shadow_model)),
          "Asked now and then directly and through the node, to compare; \"\": none"),
      key("metrics.shadow_interval",
          duration_at(CONDUCTOR_AT(metrics.shadow_interval), milliseconds(100)),
          "Between two such pairs of questions"),
      key("log.level", choice_at(CONDUCTOR_AT(log.level), levels),
          "Least severity logged", "log-level", "LEVEL"),
      key("log.format", choice_at(CONDUCTOR_AT(log.format), formats), "text or json",
          "log-format", "FORMAT"),
      key("log.requests", switch_at(CONDUCTOR_AT(log.requests)),
          "One line for each request"),
      key("log.keep_requests", number_at(CONDUCTOR_AT(log.keep_requests), 0, 100'000),
          "The last requests, without text, for conductor requests"),
      collector_key(),
      sample_key(),
      key("trace.interval", duration_at(CONDUCTOR_AT(trace.interval), milliseconds(10)),
          "Longest that a span waits for others before it is sent"),
      key("trace.buffer", size_at(CONDUCTOR_AT(trace.buffer_bytes), 64 << 10, gib),
          "Spans that wait for the collector; what is more is dropped"),
      key("access.require", choice_at(CONDUCTOR_AT(access.require), access_rules),
          "Who needs a key: remote: who comes from another machine; always: everybody"),
      key("store.data_dir", text_at(CONDUCTOR_AT(data_dir), "folder", "a path"),
          "Folder for what must outlive the node", "data-dir", "DIR"),
  };
}

#undef CONDUCTOR_AT

} // namespace

const std::vector<key_spec>& schema() {
  static const auto keys = make_schema();
  return keys;
}

const key_spec* find_key(std::string_view name) {
  const auto& keys = schema();
  const auto i = std::find_if(keys.begin(), keys.end(),
                              [&](const auto& k) { return k.name == name; });
  return i == keys.end() ? nullptr : &*i;
}

} // namespace conductor
