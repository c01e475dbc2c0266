#pragma once

#include <functional>
#include <string>

namespace conductor::cli {

/// Lets the person change `text` in OLLAMA_EDITOR, VISUAL or EDITOR, else vi. `wait` is
/// given the process and returns when that has ended. Throws failure where the
/// editor cannot be started or ends with an error.
std::string edited(const std::string& text, const std::function<int(int)>& wait);

} // namespace conductor::cli
