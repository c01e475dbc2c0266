// Whatever a body holds, the scan ends, and white space around it changes nothing.
#include "adapters/http/body_facts.hpp"
#include "tests/fuzz/pieces.hpp"

#include <string>

using namespace conductor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto facts = scan_body(text);
  fuzz::must(facts.model.size() <= 4 * size);
  const auto again = scan_body(" \n" + std::string{text});
  fuzz::must(facts.model == again.model);
  fuzz::must(facts.stream == again.stream);
  fuzz::must(facts.runner_options == again.runner_options);
  return 0;
}
