#include "adapters/cli/prompt.hpp"

#include "adapters/cli/attachments.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>

namespace conductor::cli {

namespace {

void erase_all(std::string& text, const std::string& what) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.erase(at, what.size());
}

} // namespace

std::string whole_prompt(std::vector<std::string> words, const std::string& command) {
  if (!input_is_terminal()) {
    if (auto piped = read_input(); !piped.empty())
      words.insert(words.begin(), std::move(piped));
  } else if (words.empty()) {
    throw failure("there is no prompt; give it as words, as in: " + command +
                      " \"Why is the sky blue?\", or on standard input. It is asked for "
                      "where the output is a terminal too, without --json",
                  exit_usage);
  }
  std::string prompt;
  for (const auto& word : words)
    prompt += (&word == words.data() ? "" : " ") + word;
  return prompt;
}

void attach_mentioned(client& node, const std::string& model, std::string& prompt,
                      std::vector<std::string>& images) {
  auto paths = mentioned_files(prompt);
  std::erase_if(paths, [](const std::string& p) {
    return ::access(unescaped_path(p).c_str(), F_OK) != 0;
  });
  if (paths.empty())
    return;
  auto can = capabilities(node, model);
  if (!has(can, "vision") && !has(can, "audio"))
    return;
  for (const auto& mentioned : paths) {
    auto path = unescaped_path(mentioned);
    images.push_back(attachment(path));
    write_error((path.ends_with(".wav") ? "Added audio '" : "Added image '") + path +
                "'\n");
    for (const auto& text : {"'" + path + "'", "'" + mentioned + "'", mentioned})
      erase_all(prompt, text);
  }
  auto first = prompt.find_first_not_of(" \t\r\n");
  auto last = prompt.find_last_not_of(" \t\r\n");
  prompt = first == std::string::npos ? "" : prompt.substr(first, last - first + 1);
}

std::vector<std::string> capabilities(client& node, const std::string& model) {
  auto body = nlohmann::json{{"model", model}}.dump();
  auto shown = parse_document(node.fetch({"POST", "/api/show", body}).body);
  std::vector<std::string> found;
  for (const auto& name : list_of(shown, "capabilities"))
    if (name.is_string())
      found.push_back(name.get<std::string>());
  return found;
}

bool has(const std::vector<std::string>& capabilities, const std::string& name) {
  return std::find(capabilities.begin(), capabilities.end(), name) != capabilities.end();
}

} // namespace conductor::cli
