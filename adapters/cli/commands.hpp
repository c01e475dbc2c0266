#pragma once

namespace CLI {
class App;
}

namespace conductor {

/// Registers the client's commands: run, sessions, list, ps, show, pull, rm, cp, stop,
/// backends, drain, undrain, load, unload, pin, unpin, explain, requests, gpu, top, chat,
/// bench, status, version, health, completion, man. Each speaks to a running node over
/// its public API, writes its exit code to `exit_code` (0 done, 1 error, 2 wrong usage,
/// 130 Ctrl-C) and its errors to standard error, and throws nothing. At most one command
/// is allowed, so that a prompt's words are never taken for one. A CLI::ParseError of the
/// program should exit with 2.
void add_client_commands(CLI::App& app, int& exit_code);

} // namespace conductor
