#pragma once

#include "adapters/cli/human.hpp"
#include "adapters/cli/screen/columns.hpp"
#include "adapters/cli/top/node_state.hpp"

#include <limits>
#include <string>
#include <vector>

namespace conductor::cli {

/// What stands in a table, and by what it is sorted: its weight, or its text if it has
/// none.
struct cell {
  span shown;
  double weight = std::numeric_limits<double>::quiet_NaN();
};

/// One row: what it stands for, and what it shows.
struct entry {
  std::string id;    ///< of a request, a session, a backend
  std::string model; ///< in a row of a backend: that model there
  std::vector<cell> cells;
  bool bad = false; ///< it failed
};

enum class topic { answers, queue, backends, gpus, sessions, requests };
constexpr std::size_t topics = 6;

/// A table of the screen.
struct section {
  topic about{};
  std::string title;
  std::vector<column> columns;
  std::vector<entry> entries;
};

/// The table of one topic. `now` is for what happened before.
section section_of(topic about, const node_state& node, moment now);

/// The rows of a table, the head first, for a screen of that width.
lines laid_out(const section& s, std::size_t width);

/// What the node does as a whole, in two rows at most.
lines summary_of(const node_state& node, std::size_t width);

} // namespace conductor::cli
