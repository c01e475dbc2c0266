#include "tests/bench/load/answer_check.hpp"
#include "tests/bench/load/answer_reader.hpp"
#include "tests/bench/load/plan.hpp"
#include "tests/bench/load/questions.hpp"
#include "tests/bench/load/stamp_check.hpp"

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

// What the check says of an answer to a request for two records that say `me`.
template <class Check = answer_check>
std::string verdict(const std::vector<std::string>& records) {
  Check check;
  check.expect({"", 2, "me"});
  std::vector<std::int64_t> times;
  return failure([&] {
    for (const auto& r : records)
      check.line(r, times);
    check.over();
  });
}

std::string event(int seq, const std::string& type, const std::string& text = "") {
  return R"({"seq":)" + std::to_string(seq) + R"(,"type":")" + type + R"(","text":")" +
         text + "\"}";
}

std::string said(const std::string& text, bool done = false) {
  return R"({"model":"m","message":{"role":"assistant","content":")" + text +
         R"("},"done":)" + (done ? "true}" : "false}");
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

TEST(stamp_check, accepts_every_text_once_and_in_order) {
  EXPECT_EQ(verdict<stamp_check>({said("me/0/5;"), said("me/1/6;"), said("", true)}),
            "none");
  EXPECT_EQ(verdict<stamp_check>({event(6, "queued"), event(7, "started"),
                                  event(8, "delta", "me/0/5;"),
                                  event(9, "delta", "me/1/6;"), event(10, "done")}),
            "none");
}

TEST(stamp_check, knows_when_each_of_joined_texts_was_due) {
  stamp_check check;
  check.expect({"", 3, "me"});
  std::vector<std::int64_t> times;
  check.line(event(1, "delta", "me/0/5;me/1/6;me/2/7;"), times);
  EXPECT_EQ(times, (std::vector<std::int64_t>{5, 6, 7}));
  EXPECT_EQ(check.count(), 3u);
}

TEST(stamp_check, notices_what_a_node_may_do_wrong) {
  const auto first = event(1, "delta", "me/0/5;");
  EXPECT_EQ(verdict<stamp_check>({event(1, "delta", "you/0/5;")}),
            R"(text of another: "you/0/5;" where "me" was asked for)");
  EXPECT_EQ(verdict<stamp_check>({first, event(2, "delta", "me/0/5;")}),
            "record 0 where 1 was due");
  EXPECT_EQ(verdict<stamp_check>({event(1, "delta", "me/1/5;")}),
            "record 1 where 0 was due");
  EXPECT_EQ(verdict<stamp_check>({event(1, "delta", "me/0/")}), "half a record: ");
  EXPECT_EQ(verdict<stamp_check>({first, first}), "events out of order");
  EXPECT_EQ(verdict<stamp_check>({first, event(2, "done")}), "1 of 2 records arrived");
  EXPECT_EQ(verdict<stamp_check>({event(1, "delta", "me/0/5;me/1/6;")}),
            "the answer ended without its end");
  EXPECT_EQ(verdict<stamp_check>({event(1, "error")}),
            R"(nothing of the answer: {"seq":1,"type":"error","text":""})");
  EXPECT_EQ(verdict<stamp_check>({R"({"error":"x"})"}),
            R"(nothing of the answer: {"error":"x"})");
  EXPECT_EQ(verdict<stamp_check>({event(1, "delta", "me/0/5;me/1/6;me/2/7;")}),
            "more records than the 2 asked for");
  EXPECT_TRUE(verdict<stamp_check>({said("", true), first}).starts_with("a line after"));
}

TEST(questions, give_each_stream_sessions_and_words_of_its_own) {
  load_plan plan;
  plan.streams = 2;
  plan.sessions = {"a", "b", "c", "d"};
  questions all{plan};
  question q;
  std::vector<std::string> asked;
  for (unsigned stream : {0u, 1u, 0u, 1u, 0u}) {
    all.next(stream, 3, q);
    asked.push_back(q.word + " " + q.text.substr(0, q.text.find("/messages")));
  }
  const std::string at = " POST /conductor/v1/sessions/";
  EXPECT_EQ(asked, (std::vector<std::string>{"w0.0" + at + "a", "w1.0" + at + "b",
                                             "w0.1" + at + "c", "w1.1" + at + "d",
                                             "w0.2" + at + "a"}));
  plan.sessions = {"a"};
  EXPECT_EQ(failure([&] { questions{plan}; }), "1 sessions are too few for 2 streams");
}

} // namespace conductor::bench
