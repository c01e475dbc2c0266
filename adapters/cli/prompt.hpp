#pragma once

#include "adapters/cli/client.hpp"

#include <string>
#include <vector>

namespace conductor::cli {

/// What precedes on standard input and the words of the command line, as one text. Throws
/// failure with exit_usage where there are no words and standard input is a terminal;
/// `command` is what was typed before the words.
std::string whole_prompt(std::vector<std::string> words, const std::string& command);

/// Takes the files that the prompt mentions out of it and adds them to `images`, if the
/// model can see or hear them. Costs a request only when such a file exists.
void attach_mentioned(client& node, const std::string& model, std::string& prompt,
                      std::vector<std::string>& images);

/// What the node says that the model can do, as in `completion`, `vision`.
std::vector<std::string> capabilities(client& node, const std::string& model);
bool has(const std::vector<std::string>& capabilities, const std::string& name);

} // namespace conductor::cli
