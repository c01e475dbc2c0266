// A request reads the same however its bytes are cut.
#include "adapters/http/parser.hpp"
#include "tests/fuzz/parsing.hpp"

using namespace conductor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::input in{data, size};
  request_parser whole{16 * 1024}, cut{16 * 1024};
  fuzz::parse(whole, in.text, in.text.size() + 1);
  fuzz::parse(cut, in.text, in.step);
  // A head that breaks may be refused at another byte, but never taken.
  fuzz::must(whole.is_done() == cut.is_done());
  if (!whole.is_done())
    return 0;
  fuzz::must(whole.head.target == cut.head.target);
  fuzz::must(whole.head.fields.size() == cut.head.fields.size());
  fuzz::must(whole.body == cut.body);
  fuzz::must(whole.objection == cut.objection);
  return 0;
}
