#pragma once

#include "adapters/metrics/families.hpp"
#include "adapters/metrics/process.hpp"
#include "messages/session.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace conductor {

/// What a scrape finds in the node itself.
struct node_reading {
  std::string version;
  double uptime_seconds = 0;
  std::size_t connections = 0;
  std::uint64_t spooled_bytes = 0;  ///< of answers, that their readers have still to get
  std::uint64_t memory_held = 0;    ///< bytes of bodies and answers,
  std::uint64_t memory_limit = 0;   ///< of these; 0: none
  std::int64_t certificate_end = 0; ///< seconds since 1970; 0: there is none
  sessions_status sessions;
  histogram_reading store_writes;
  histogram_reading relay_upstream, relay_conductor, relay_client;
  std::uint64_t continued = 0;
  std::uint64_t spans_exported = 0;
  std::uint64_t spans_dropped = 0;
  std::vector<std::pair<std::string, std::size_t>> mailboxes; ///< by actor or lane
  process_facts process;
};

/// The series of these, and of the threads' pulses.
void add_node_series(families& into, const node_reading& now);

} // namespace conductor
