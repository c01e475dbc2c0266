#pragma once

#include "adapters/cli/client.hpp"
#include "adapters/cli/replay/recording.hpp"

#include <functional>
#include <string>
#include <vector>

namespace conductor::cli {

/// How it is asked again.
struct pace {
  double speed = 1;       ///< 2: twice as fast
  std::size_t most = 512; ///< at once; what is due meanwhile is late
};

/// What became of a request that was asked again; as the client saw it.
struct played_request {
  std::string id;     ///< X-Request-Id
  double late_s = 0;  ///< after it was due
  double first_s = 0; ///< to the first record; 0: none came
  double total_s = 0;
  double queue_s = 0; ///< as the node tells afterwards
  std::uint64_t answer_tokens = 0;
  std::string error; ///< empty: it was answered, or cancelled as it was
};

/// Asks a node for all of it, each when it is due, on one loop; `tick` is called about
/// once a second with how many are over. One result for each request.
std::vector<played_request> play(const recording& what, client& node, const pace& how,
                                 const std::function<void(std::size_t)>& tick);

} // namespace conductor::cli
