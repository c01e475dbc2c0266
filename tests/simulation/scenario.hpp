#pragma once

#include "actors/dispatcher.hpp"
#include "tests/simulation/faults.hpp"
#include "tests/simulation/traffic.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace conductor::simulation {

/// A fault of the harness's making, which a check has to find.
enum class plant {
  none,
  keeps_lease,     ///< one is never given back
  last_come_first, ///< the queue serves whoever came last
  forgets_one,     ///< one who waits is never served
  holds_back,      ///< everybody waits for some seconds, whatever is free
  ends_twice,      ///< a reader is told its end again
  loses_end,       ///< an answer's end is not told
  loses_record,    ///< nor one of its records
  one_flow,        ///< all who ask are taken for one
  more_places,     ///< the node takes a server to have more than the checks allow
  unknown_places,  ///< nothing is found out: far more is sent than there are places
  two_loads,       ///< somebody loads past the node's one at a time
  many_retries,    ///< more is asked again than the checks allow
  patient_ghosts,  ///< zombies stay far longer than the checks allow
};

/// A fleet, what is asked of it, and what befalls it.
struct scenario {
  std::uint64_t seed = 1;
  double days = 2;
  std::vector<server_plan> servers;
  traffic_plan asks;
  fault_plan befalls;
  dispatcher_settings how; ///< as the node is told; `backends` in the order of `servers`
  plant planted = plant::none;
};

/// Four servers unlike each other, two of whose models do not fit together, with a day's
/// swing, bursts of one heavy flow, and everything that may befall them.
scenario mixed_fleet(std::uint64_t seed);
/// One server that is asked for more than it can for some hours, and never fails.
scenario crowded_server(std::uint64_t seed);

} // namespace conductor::simulation
