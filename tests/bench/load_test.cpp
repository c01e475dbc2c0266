#include "tests/bench/load/answer_check.hpp"
#include "tests/bench/load/answer_reader.hpp"
#include "tests/bench/load/plan.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace conductor::bench {

namespace {

std::string record(int t, bool done = false) {
  return R"({"t":)" + std::to_string(t) + R"(,"done":)" + (done ? "true}" : "false}");
}

std::string chunk(const std::string& bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}

const std::string chunked_head =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nServer: x\r\n\r\n";

// Lines of a response that arrives in pieces of `piece` bytes.
std::vector<std::string> lines(const std::string& response, std::size_t piece) {
  answer_reader reader;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < response.size(); at += piece) {
    auto bytes = response.substr(at, piece);
    std::string_view input = bytes, text;
    while (reader.next(input, text))
      out.emplace_back(text);
    EXPECT_TRUE(input.empty());
  }
  EXPECT_TRUE(reader.complete());
  return out;
}

std::string failure(const std::function<void()>& what) {
  try {
    what();
  } catch (const load_error& e) {
    return e.what();
  }
  return "none";
}

// What the check says of an answer to a request for two records.
std::string verdict(const std::vector<std::string>& records) {
  answer_check check;
  check.expect(2);
  return failure([&] {
    for (const auto& r : records)
      check.record(r);
    check.over();
  });
}

} // namespace

TEST(answer_reader, gives_the_same_lines_however_the_bytes_are_cut) {
  // Chunks that end inside a line, and a chunk with two lines, as proxies make them.
  auto response = chunked_head + chunk("one\nt") + chunk("wo\nthree\n") +
                  "2;x=y\r\n4\n\r\n" + "0\r\nTrailer: 1\r\n\r\n";
  const std::vector<std::string> wanted{"one", "two", "three", "4"};
  for (std::size_t piece = 1; piece <= response.size(); ++piece)
    EXPECT_EQ(lines(response, piece), wanted) << "in pieces of " << piece;
}

TEST(answer_reader, reads_a_response_with_a_length) {
  EXPECT_EQ(lines("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\na\nb\n", 3),
            (std::vector<std::string>{"a", "b"}));
}

TEST(answer_reader, refuses_what_is_no_good_answer) {
  auto failing = [](const std::string& response) {
    return failure([&] { lines(response, 7); });
  };
  EXPECT_EQ(failing("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"),
            "status 503: busy");
  EXPECT_EQ(failing(chunked_head + "zz\r\n"), "malformed chunk size");
  EXPECT_EQ(failing(chunked_head + "1\r\n\nxx"),
            "a chunk's data does not end where its size says");
  EXPECT_EQ(failing(chunked_head + chunk("half") + "0\r\n\r\n"),
            "the answer's last line has no end: half");
}

TEST(answer_check, accepts_every_record_once_and_in_order) {
  EXPECT_EQ(verdict({record(1), record(2), record(3, true)}), "none");
}

TEST(answer_check, notices_what_a_proxy_may_do_wrong) {
  EXPECT_EQ(verdict({record(1), record(3, true)}), "1 of 2 records arrived");
  EXPECT_EQ(verdict({record(1), record(1)}), "a record came twice");
  EXPECT_EQ(verdict({record(2), record(1)}), "records out of order");
  EXPECT_EQ(verdict({record(1), record(2), record(3)}),
            "more records than the 2 asked for");
  EXPECT_EQ(verdict({record(1), record(2)}), "the answer ended without done:true");
  EXPECT_EQ(verdict({record(1), record(2), record(3, true), record(4)}),
            "a record after done:true");
  EXPECT_EQ(verdict({R"({"error":"x"})"}), R"(not a record with a time: {"error":"x"})");
}

} // namespace conductor::bench
