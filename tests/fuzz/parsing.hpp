#pragma once

#include "tests/fuzz/pieces.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <string>

namespace conductor::fuzz {

/// Gives `parser`, one of Beast's kind, the text in pieces of `step` bytes, as a socket
/// does: bytes that it left are offered again. Ends when it is done or refuses.
template <class Parser>
void parse(Parser& parser, std::string_view text, std::size_t step) {
  std::string pending;
  bool refused = false;
  for (std::size_t at = 0; at < text.size() && !refused && !parser.is_done();
       at += step) {
    pending += text.substr(at, step);
    while (!pending.empty() && !parser.is_done()) {
      boost::beast::error_code ec;
      const auto n = parser.put(boost::asio::buffer(pending), ec);
      must(n <= pending.size());
      pending.erase(0, n);
      refused = ec && ec != boost::beast::http::error::need_more;
      if (refused || n == 0)
        break;
    }
  }
}

} // namespace conductor::fuzz
