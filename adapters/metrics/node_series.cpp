#include "adapters/metrics/node_series.hpp"

#include "adapters/lane/lane.hpp"

#include <algorithm>

namespace conductor {
namespace {

void add_threads(families& into) {
  std::uint64_t stalls = 0;
  std::int64_t longest = 0;
  histogram_reading handlers;
  std::vector<std::pair<std::string, histogram_reading>> lanes;
  pulses::all().each([&](const pulse& p) {
    stalls += p.stalls;
    longest = std::max(longest, p.longest.load());
    handlers.add(p.handlers.read());
    if (p.thread.starts_with("lane-"))
      lanes.emplace_back(p.thread, p.turns.read());
  });
  into.counter("conductor_stalls_total",
               "Handlers and lane turns longer than runtime.stall.");
  into.add(static_cast<double>(stalls));
  into.gauge("conductor_longest_turn_seconds",
             "The longest handler or lane turn since the start.");
  into.add(static_cast<double>(longest) * 1e-9);
  into.histogram("conductor_lane_turn_seconds",
                 "One turn of a lane: an I/O handler and the actors that it woke.");
  for (const auto& [lane, reading] : lanes)
    into.add(reading, {{"lane", lane}});
  into.histogram("conductor_handler_seconds",
                 "One resumption of an actor or one I/O handler, without those inside.");
  into.add(handlers);
}

void add_store(families& into, const node_reading& now) {
  const auto& store = now.sessions.store;
  into.gauge("conductor_sessions_live", "Conversations in memory.");
  into.add(static_cast<double>(now.sessions.live));
  into.gauge("conductor_sessions_stored", "Conversations on the disk.");
  into.add(static_cast<double>(store.sessions));
  into.gauge("conductor_store_up",
             "1 while the store of conversations takes what is written.");
  into.add(store.failure.empty() ? 1 : 0);
  into.counter("conductor_store_writes_total", "Writes that the store answered.");
  into.add(static_cast<double>(store.writes));
  into.counter("conductor_store_failures_total", "Batches of writes that failed.");
  into.add(static_cast<double>(store.failures));
  into.gauge("conductor_store_waiting", "Writes that wait for the disk.");
  into.add(static_cast<double>(store.waiting));
  into.histogram("conductor_store_write_seconds",
                 "One batch of writes, from its start until it is durable.");
  into.add(now.store_writes);
}

void add_relay(families& into, const node_reading& now) {
  into.histogram(
      "conductor_relay_delay_seconds",
      "Where the time of each piece of an answer went: upstream, until Ollama "
      "sent it; conductor, until it was handed to the client's socket; client, "
      "until the socket had taken it.");
  into.add(now.relay_upstream, {{"part", "upstream"}});
  into.add(now.relay_conductor, {{"part", "conductor"}});
  into.add(now.relay_client, {{"part", "client"}});
  into.gauge("conductor_spool_bytes",
             "Bytes of answers that are kept for their readers.");
  into.add(static_cast<double>(now.spooled_bytes));
}

void add_process(families& into, const node_reading& now) {
  const auto& p = now.process;
  into.counter("process_cpu_seconds_total", "Processor time, user and system.");
  into.add(p.cpu_seconds);
  into.gauge("process_resident_memory_bytes", "Memory in use.");
  into.add(static_cast<double>(p.resident_bytes));
  into.gauge("process_open_fds", "Open files and sockets.");
  into.add(static_cast<double>(p.open_files));
  into.gauge("process_max_fds", "Files and sockets that may be open.");
  into.add(static_cast<double>(p.max_files));
  into.gauge("process_threads", "Threads.");
  into.add(static_cast<double>(p.threads));
  into.gauge("process_start_time_seconds", "When the process started, since 1970.");
  into.add(p.started);
  into.gauge("conductor_build_info", "1; what was built, and by what.");
  into.add(1, {{"version", now.version}, {"compiler", "gcc " __VERSION__}});
}

} // namespace

void add_node_series(families& into, const node_reading& now) {
  into.gauge("conductor_uptime_seconds", "Time since the node started.");
  into.add(now.uptime_seconds);
  into.gauge("conductor_connections", "Open client connections.");
  into.add(static_cast<double>(now.connections));
  into.gauge("conductor_memory_held_bytes",
             "Bodies of requests under way, and answers kept for their readers.");
  into.add(static_cast<double>(now.memory_held));
  into.gauge("conductor_memory_limit_bytes", "What of these limits.memory allows.");
  into.add(static_cast<double>(now.memory_limit));
  into.gauge(
      "conductor_tls_certificate_expiry_seconds",
      "When the certificate of https listeners ends, since 1970; 0: there is none.");
  into.add(static_cast<double>(now.certificate_end));
  add_relay(into, now);
  add_store(into, now);
  into.counter("conductor_continued_total",
               "Answers of sessions that went on at another backend.");
  into.add(static_cast<double>(now.continued));
  into.counter("conductor_spans_total",
               "Spans that the collector took, and those that were dropped.");
  into.add(static_cast<double>(now.spans_exported), {{"result", "exported"}});
  into.add(static_cast<double>(now.spans_dropped), {{"result", "dropped"}});
  into.gauge("conductor_mailbox_depth",
             "Messages that wait for an actor; of a lane, actors that wait for it.");
  for (const auto& [actor, depth] : now.mailboxes)
    into.add(static_cast<double>(depth), {{"actor", actor}});
  add_threads(into);
  add_process(into, now);
}

} // namespace conductor
