// Whatever a backend answers, a model has a name and a blob is a digest.
#include "adapters/ollama/inventory.hpp"
#include "tests/fuzz/pieces.hpp"

using namespace conductor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const auto& model : models_in(text))
    fuzz::must(!model.name.empty() && model.blob.empty());
  const auto blob = blob_of(text);
  fuzz::must(blob.empty() || blob.size() == 64);
  fuzz::must(blob.find_first_not_of("0123456789abcdef") == std::string::npos);
  return 0;
}
