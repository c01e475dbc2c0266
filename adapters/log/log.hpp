#pragma once

#include "config/settings.hpp"

namespace conductor {

/// Makes spdlog's default logger an asynchronous one on standard error, as text or as one
/// JSON object a line; a message never spans lines. A caller never waits: when the queue
/// is full the oldest lines are lost, and how many is said at the end.
void start_log(const log_settings& settings);

/// Writes what is queued and ends the logger's thread; later lines are written at once.
void stop_log();

} // namespace conductor
