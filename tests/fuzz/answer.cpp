// An answer reads the same however its bytes are cut.
#include "adapters/ollama/answer_parser.hpp"
#include "tests/fuzz/parsing.hpp"

using namespace conductor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::input in{data, size};
  answer_parser whole{false}, cut{false};
  fuzz::parse(whole, in.text, in.text.size() + 1);
  fuzz::parse(cut, in.text, in.step);
  fuzz::must(whole.is_done() == cut.is_done());
  if (whole.is_done()) {
    fuzz::must(whole.status == cut.status);
    fuzz::must(whole.body == cut.body);
    fuzz::must(whole.content_type == cut.content_type);
  }
  return 0;
}
