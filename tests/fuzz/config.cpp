// A configuration file is valid or gets an error with a name; nothing else happens.
#include "config/load.hpp"
#include "tests/fuzz/pieces.hpp"

using namespace conductor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  config_inputs inputs;
  inputs.file_name = "fuzzed.toml";
  inputs.file_text = {reinterpret_cast<const char*>(data), size};
  try {
    const auto loaded = load_config(inputs);
    fuzz::must(!loaded.values.backends.empty());
  } catch (const config_error& e) {
    fuzz::must(e.what()[0] != '\0');
  }
  return 0;
}
