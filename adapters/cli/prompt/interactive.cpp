#include "adapters/cli/prompt/interactive.hpp"

#include "adapters/cli/prompt/chat.hpp"
#include "adapters/cli/terminal.hpp"

namespace conductor::cli {

bool wants_prompt(const run_options& options) {
  return options.prompt.empty() && !options.raw && input_is_terminal() &&
         surface_of(1).terminal;
}

int run_prompt(const run_options& options) {
  catch_signals();
  return chat(options).run();
}

} // namespace conductor::cli
