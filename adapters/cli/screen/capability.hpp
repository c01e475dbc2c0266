#pragma once

namespace conductor::cli {

/// Whether the terminal that TERM names is known and can move its cursor.
bool can_move_cursor();

} // namespace conductor::cli
