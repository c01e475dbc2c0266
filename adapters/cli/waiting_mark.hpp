#pragma once

#include "adapters/cli/spinner.hpp"
#include "adapters/cli/terminal.hpp"

#include <utility>

namespace conductor::cli {

/// A turning mark on standard error until the first text of an answer.
class waiting_mark {
public:
  void tick() {
    if (!over_)
      write_error("\x1b[?25l\x1b[1G" + spin_.next() + " ");
    shown_ = !over_;
  }
  void clear() {
    if (std::exchange(shown_, false))
      write_error("\x1b[2K\x1b[1G\x1b[?25h");
    over_ = true;
  }

private:
  spinner spin_;
  bool shown_ = false, over_ = false;
};

} // namespace conductor::cli
