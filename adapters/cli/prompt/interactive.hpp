#pragma once

#include "adapters/cli/run.hpp"

namespace conductor::cli {

/// Whether a person is there to talk: both standard input and output are a terminal,
/// there are no words to ask, and nobody wants JSON.
bool wants_prompt(const run_options& options);

/// The interactive prompt: a conversation with the model, or in the session that the
/// options name, kept by the node. Returns the exit code, throws failure.
int run_prompt(const run_options& options);

} // namespace conductor::cli
