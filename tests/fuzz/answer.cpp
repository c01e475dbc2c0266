// An answer reads the same however its bytes are cut.
#include "adapters/ollama/answer_parser.hpp"
#include "tests/fuzz/pieces.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

using namespace conductor;

namespace {

struct reading {
  answer_parser parser{false};

  reading(std::string_view text, std::size_t step) {
    std::string pending;
    bool refused = false;
    for (std::size_t at = 0; at < text.size() && !refused && !parser.is_done();
         at += step) {
      pending += text.substr(at, step);
      while (!pending.empty() && !parser.is_done()) {
        boost::beast::error_code ec;
        const auto n = parser.put(boost::asio::buffer(pending), ec);
        fuzz::must(n <= pending.size());
        pending.erase(0, n);
        refused = ec && ec != boost::beast::http::error::need_more;
        if (refused || n == 0)
          break;
      }
    }
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::input in{data, size};
  const reading whole{in.text, in.text.size() + 1};
  const reading cut{in.text, in.step};
  fuzz::must(whole.parser.is_done() == cut.parser.is_done());
  if (whole.parser.is_done()) {
    fuzz::must(whole.parser.status == cut.parser.status);
    fuzz::must(whole.parser.body == cut.parser.body);
    fuzz::must(whole.parser.content_type == cut.parser.content_type);
  }
  return 0;
}
