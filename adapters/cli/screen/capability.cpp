#include "adapters/cli/screen/capability.hpp"

#include <unistd.h>

// Its macros take the names of ours: nowhere else.
#include <curses.h>
#include <term.h>

namespace conductor::cli {

bool can_move_cursor() {
  int known = 0;
  return ::setupterm(nullptr, STDOUT_FILENO, &known) == OK && cursor_address != nullptr;
}

} // namespace conductor::cli
