#pragma once

#include <string>
#include <string_view>

namespace conductor::cli {

/// What `/?` prints, in Ollama's words where it has the command. `topic` is set, show,
/// parameters or shortcuts; empty: all commands; of another one nothing is known.
std::string help_text(std::string_view topic, bool takes_files);

} // namespace conductor::cli
