#include "adapters/http/body_facts.hpp"

#include "adapters/json/scan.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace conductor {
namespace {

constexpr std::array<std::string_view, 8> runner_keys{
    "num_ctx",  "num_batch",  "num_gpu",           "main_gpu",
    "use_mmap", "num_thread", "draft_num_predict", "shift"};
constexpr std::array<std::string_view, 5> content_keys{"prompt", "messages", "input",
                                                       "images", "suffix"};

bool is_empty(std::string_view value) {
  return value == "null" || value == "[]" || value == "\"\"";
}

std::string digest_in(std::string_view value) {
  constexpr std::string_view prefix = "sha256:";
  constexpr std::size_t digits = 64;
  const auto at = value.find(prefix);
  return at == std::string_view::npos
             ? std::string{}
             : std::string{value.substr(at, prefix.size() + digits)};
}

} // namespace

body_facts scan_body(std::string_view json) {
  body_facts facts;
  std::string name;
  std::map<std::string, std::string, std::less<>> options;
  bool stores = false, continues = false;
  json_scanner scan{json};
  scan.object([&](std::string_view raw_key) {
    const auto key = folded_key(raw_key);
    if (key == "options" && scan.peek() == '{') {
      scan.object([&](std::string_view raw_option) {
        const auto option = unescaped(raw_option); // a map's: Go compares them exactly
        const auto value = scan.value();
        if (std::find(runner_keys.begin(), runner_keys.end(), option) !=
                runner_keys.end() &&
            value != "null")
          options[option] = value;
      });
      return;
    }
    const auto value = scan.value();
    if (std::find(content_keys.begin(), content_keys.end(), key) != content_keys.end())
      facts.bare = facts.bare && is_empty(value);
    else if (facts.blob.empty() && (key == "files" || key == "adapters"))
      facts.blob = digest_in(value);
    else if (key == "model")
      facts.model = string_in(value);
    else if (key == "name")
      name = string_in(value);
    else if (key == "stream" && (value == "true" || value == "false"))
      facts.stream = value == "true";
    else if (key == "store")
      stores = value == "true";
    else if (key == "previous_response_id")
      continues = value != "null";
    else if (key == "shift")
      options["shift"] = value;
  });
  if (facts.model.empty())
    facts.model = std::move(name);
  facts.stored = stores || continues;
  for (const auto& [option, value] : options)
    facts.runner_options +=
        (facts.runner_options.empty() ? "" : ",") + option + "=" + value;
  return facts;
}

} // namespace conductor
