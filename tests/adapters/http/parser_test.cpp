#include "adapters/http/parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <gtest/gtest.h>

#include <string>

namespace conductor::test {
namespace {

enum class outcome { whole, more, refused };

/// Feeds `text` in pieces of `step` bytes as WIRE does: unconsumed bytes are offered
/// again.
outcome parse(request_parser& parser, std::string_view text,
              std::size_t step = 1u << 20) {
  std::string pending;
  for (std::size_t at = 0; at < text.size(); at += step) {
    pending += text.substr(at, step);
    while (!pending.empty() && !parser.is_done()) {
      boost::beast::error_code ec;
      const auto n = parser.put(boost::asio::buffer(pending), ec);
      pending.erase(0, n);
      if (ec && ec != boost::beast::http::error::need_more)
        return outcome::refused;
      if (n == 0)
        break;
    }
    if (!parser.objection.empty())
      return outcome::refused;
  }
  return parser.is_done() ? outcome::whole : outcome::more;
}

outcome parse(std::string_view text) {
  request_parser parser{64 * 1024};
  return parse(parser, text);
}

TEST(request_parser, takes_a_request_split_at_every_byte) {
  const std::string text =
      "POST /api/chat?x=1 HTTP/1.1\r\nHost: a:1\r\nX-Odd-Case: v\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    request_parser parser{64 * 1024};
    ASSERT_EQ(parse(parser, text, step), outcome::whole) << step;
    EXPECT_EQ(parser.head.method, "POST");
    EXPECT_EQ(parser.head.target, "/api/chat?x=1");
    EXPECT_EQ(parser.head.find("x-odd-case"), "v");
    EXPECT_EQ(parser.body, "abcde");
  }
}

TEST(request_parser, refuses_what_lets_a_request_be_smuggled) {
  const std::string bad[] = {
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
      "chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: "
      "3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 \r\n3\r\n\r\nabc",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, "
      "identity\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcXX\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "fffffffffffffffff\r\nabc",
  };
  for (const auto& text : bad)
    EXPECT_EQ(parse(text), outcome::refused) << text;
}

TEST(request_parser, refuses_what_is_no_http) {
  const std::string bad[] = {
      "\x16\x03\x01\x02", // TLS
      "GET\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\nHost: a\n\n",
      "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHo st: a\r\n\r\n",
      "GET / HTTP/1.1\r\n: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01z\r\n\r\n",
      std::string{"GET / HTTP/1.1\r\nHost: a\r\nX: a\0z\r\n\r\n", 35},
      "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n",
  };
  for (const auto& text : bad)
    EXPECT_EQ(parse(text), outcome::refused) << text;
}

TEST(request_parser, wants_exactly_one_host) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\n\r\n"), outcome::refused);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"), outcome::refused);
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n"), outcome::whole);
}

TEST(request_parser, bounds_the_head) {
  request_parser parser{1024};
  EXPECT_EQ(parse(parser, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x')),
            outcome::refused);
}

} // namespace
} // namespace conductor::test
