// An answer's model is renamed where it is named, and back again to the same bytes.
#include "adapters/ollama/rename.hpp"
#include "tests/fuzz/pieces.hpp"

#include <nlohmann/json.hpp>

#include <string>

using namespace conductor;
using nlohmann::json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  const std::string unused = "a name that no input holds, escaped or not";
  if (text.find("that") != std::string::npos || text.find('\\') != std::string::npos)
    return 0;
  const auto renamed = renamer{"m", unused}.apply(text);
  fuzz::must(renamer{unused, "m"}.apply(renamed) == text);
  fuzz::must(renamer{"m", unused}.apply(renamed) == renamed);
  auto body = json::parse(text, nullptr, false);
  if (!body.is_object())
    return 0;
  if (body.contains("model") && body["model"] == "m")
    body["model"] = unused;
  for (const auto* key : {"response", "message"})
    if (body.contains(key) && body[key].is_object() && body[key].contains("model") &&
        body[key]["model"] == "m")
      body[key]["model"] = unused;
  fuzz::must(json::parse(renamed) == body);
  return 0;
}
