#pragma once

#include "adapters/cli/client.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/run.hpp"

#include <string>

namespace conductor::cli {

/// The session's answer failed. `reason` is the node's word for it.
struct answer_failure : failure {
  answer_failure(const std::string& text, std::string reason)
      : failure(text), reason(std::move(reason)) {}
  std::string reason;
};

/// Asks the session `id` by `what`, a request that is answered by the events of a turn
/// and does nothing when it is sent twice, and shows the answer as `run` does. Where the
/// connection is lost it is taken up again, eight times for each piece of the answer, and
/// nothing is shown twice. Ctrl-C cancels the answer on the node and throws interruption.
/// Throws answer_failure, refusal and failure.
void show_answer(client& node, const std::string& id, const request& what,
                 const run_options& options);

} // namespace conductor::cli
