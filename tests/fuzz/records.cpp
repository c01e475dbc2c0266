// However the bytes of a stream are cut, whole records come out, and all of them.
#include "adapters/ollama/records.hpp"
#include "tests/fuzz/pieces.hpp"

#include <string>

using namespace conductor;

namespace {

struct reading {
  std::string all;
  bool finished = false;
  usage counters;

  reading(std::string_view text, std::size_t step, const char* type, dialect speaks,
          std::string_view mark) {
    record_splitter split{type, 200, speaks, 1u << 20};
    for (std::size_t at = 0; at < text.size(); at += step) {
      const auto out = split.push(text.substr(at, step));
      fuzz::must(mark.empty() || out.empty() || out.ends_with(mark));
      all += out;
    }
    all += split.rest();
    finished = split.finished();
    counters = split.end().counters();
  }
};

void check(const fuzz::input& in, const char* type, dialect speaks,
           std::string_view mark) {
  const reading whole{in.text, in.text.size() + 1, type, speaks, mark};
  const reading cut{in.text, in.step, type, speaks, mark};
  fuzz::must(whole.all == in.text);
  fuzz::must(cut.all == in.text);
  fuzz::must(whole.finished == cut.finished);
  fuzz::must(whole.counters.answer_tokens == cut.counters.answer_tokens);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::input in{data, size};
  check(in, "application/x-ndjson", dialect::ollama, "\n");
  check(in, "text/event-stream", dialect::openai, "\n\n");
  check(in, "text/event-stream", dialect::responses, "\n\n");
  check(in, "text/event-stream", dialect::anthropic, "\n\n");
  check(in, "application/json", dialect::ollama, "");
  return 0;
}
