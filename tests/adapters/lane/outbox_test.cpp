#include "adapters/lane/outbox.hpp"

#include <boost/asio/buffer.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace conductor::test {
namespace {

/// What a socket that takes `step` bytes at a time would have got, and of it body bytes.
std::pair<std::string, std::uint64_t> drain(outbox& out, std::size_t step) {
  std::string text;
  std::uint64_t body = 0;
  while (!out.empty()) {
    std::string all;
    for (const auto& b : out.gather())
      all.append(static_cast<const char*>(b.data()), b.size());
    const auto n = std::min(step, all.size());
    text += all.substr(0, n);
    body += out.consume(n);
  }
  return {text, body};
}

TEST(an_outbox, writes_the_same_whatever_the_socket_takes) {
  for (std::size_t step = 1; step < 60; ++step) {
    outbox out;
    out.text("HEAD\r\n\r\n");
    out.body(bytes::copy_of("hello"), true);
    out.body(bytes::copy_of(""), true);
    out.body(bytes::copy_of("0123456789abcdef0"), true);
    out.text("0\r\n\r\n");
    const auto [text, body] = drain(out, step);
    EXPECT_EQ(text, "HEAD\r\n\r\n5\r\nhello\r\n11\r\n0123456789abcdef0\r\n0\r\n\r\n");
    EXPECT_EQ(body, 22u) << "bytes of bodies, not of framing";
  }
}

TEST(an_outbox, gathers_no_more_buffers_than_one_call_takes) {
  outbox out;
  for (int i = 0; i < 1000; ++i)
    out.body(bytes::copy_of("x"), true);
  EXPECT_LE(out.gather().size(), 60u);
  EXPECT_EQ(drain(out, 7).second, 1000u);
}

} // namespace
} // namespace conductor::test
