// A body that is JSON is changed where it says so and nowhere else, and a second time no
// more.
#include "adapters/json/scan.hpp"
#include "adapters/ollama/patch_body.hpp"
#include "tests/fuzz/pieces.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

using namespace conductor;
using nlohmann::json;

namespace {

const body_changes changes{"new", {{"num_ctx", "8192"}}, "-1"};

/// What is spelled as only Go reads it, or is of a type that Ollama refuses.
bool told_by_ollama(const json& body) {
  const auto other_case = [](const auto& member) {
    const auto& key = member.key();
    const auto folded = folded_key(key);
    return key != folded && (folded == "model" || folded == "name" ||
                             folded == "options" || folded == "keep_alive");
  };
  const auto items = body.items();
  if (std::any_of(items.begin(), items.end(), other_case))
    return true;
  const auto is_other = [&](const char* key, json::value_t type) {
    return body.contains(key) && !body[key].is_null() && body[key].type() != type;
  };
  return is_other("model", json::value_t::string) ||
         is_other("name", json::value_t::string) ||
         is_other("options", json::value_t::object);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  fuzz::must(patch_body(text, {}) == text);
  const auto after = patch_body(text, changes);
  if (text.starts_with("\xef\xbb\xbf")) { // the reader below skips it; Go refuses it
    fuzz::must(after == text);
    return 0;
  }
  auto body = json::parse(text, nullptr, false);
  if (body.is_discarded()) // Ollama refuses it: it need only be survived
    return 0;
  fuzz::must(patch_body(after, changes) == after);
  if (!body.is_object()) {
    fuzz::must(after == text);
    return 0;
  }
  if (told_by_ollama(body))
    return 0;
  body[body.contains("name") && !body.contains("model") ? "name" : "model"] = "new";
  body["options"]["num_ctx"] = 8192;
  if (!body.contains("keep_alive") || body["keep_alive"].is_null())
    body["keep_alive"] = -1;
  fuzz::must(json::parse(after) == body);
  return 0;
}
