#include "adapters/cli/client.hpp"
#include "adapters/cli/failure.hpp"
#include "tests/adapters/cli/peer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace conductor::cli {
namespace {

client client_of(std::vector<endpoint> at) {
  return {std::move(at), "Conductor node", "; start one with: conductor serve"};
}

std::vector<std::string> lines_of(const peer& server) {
  std::vector<std::string> lines;
  stream_reader reader;
  reader.on_line = [&](std::string_view line) { lines.emplace_back(line); };
  client_of({server.at()}).stream({"POST", "/api/generate", "{}"}, reader);
  return lines;
}

// What the client says went wrong.
std::string error_of(const std::string& answer) {
  peer server({answer});
  try {
    lines_of(server);
    return "nothing";
  } catch (const failure& f) {
    return f.what();
  }
}

// The end of an address differs from run to run.
bool has(const std::string& text, const char* part) {
  return text.find(part) != text.npos;
}

endpoint nobody() {
  peer gone({""});
  return gone.at();
}

TEST(client, hands_over_the_same_lines_however_the_bytes_arrive) {
  std::vector<std::string> records{"{\"response\":\"Grüße 😀\"}\n",
                                   "{\"a\":", "1}\n{\"b\":2}\n", "{\"done\":true}"};
  std::vector<std::string> lines{"{\"response\":\"Grüße 😀\"}", "{\"a\":1}", "{\"b\":2}",
                                 "{\"done\":true}"};
  for (std::size_t piece : {1, 2, 3, 7, 1000}) {
    peer server({stream_of(records)}, piece);
    EXPECT_EQ(lines_of(server), lines) << piece;
  }
}

TEST(client, sends_one_plain_request) {
  peer server({response("{}")});
  auto at = server.at();
  at.path = "/t/key";
  EXPECT_EQ(client_of({at}).fetch({"POST", "/api/show", "{\"model\":\"m\"}"}).body, "{}");
  auto request = server.requests().at(0);
  EXPECT_TRUE(request.starts_with("POST /t/key/api/show HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"model\":\"m\"}")) << request;
  EXPECT_TRUE(has(request, "Content-Type: application/json\r\n"));
  EXPECT_TRUE(has(request, ("Host: " + server.host() + "\r\n").c_str()));
}

TEST(client, tells_a_refusal_by_its_status_and_text) {
  peer server({response(R"({"error":"model 'x' not found"})", "404 Not Found")});
  try {
    lines_of(server);
    FAIL();
  } catch (const refusal& no) {
    EXPECT_EQ(no.status, 404u);
    EXPECT_STREQ(no.what(), "model 'x' not found");
  }
}

TEST(client, tells_a_connection_that_broke) {
  EXPECT_TRUE(has(error_of(stream_of({"{\"a\":1}\n"}, false)),
                  "closed before the answer was complete"));
  EXPECT_TRUE(has(error_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{\"a"),
                  "closed before the answer was complete"));
  EXPECT_TRUE(has(error_of(""), "closed before the answer was complete"));
  EXPECT_TRUE(has(error_of("SSH-2.0-OpenSSH\r\n\r\n"), "broke"));
}

TEST(client, takes_an_answer_without_length_until_its_end) {
  peer server({"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"a\":1}\n{\"b\":2}"});
  EXPECT_EQ(lines_of(server), (std::vector<std::string>{"{\"a\":1}", "{\"b\":2}"}));
}

TEST(client, names_every_address_where_nobody_answers) {
  auto at = nobody();
  endpoint socket{endpoint::kind::unix_socket, {}, 0, "/nonexistent/c.sock"};
  try {
    client_of({socket, at}).fetch({"GET", "/"});
    FAIL();
  } catch (const failure& f) {
    EXPECT_EQ(std::string(f.what()),
              "no Conductor node answers at unix:/nonexistent/c.sock or " +
                  to_string(at) +
                  " (connection refused); start one with: conductor serve");
  }
}

TEST(client, goes_on_to_the_next_address_and_says_which_one_answered) {
  peer server({response("{}")});
  EXPECT_EQ(client_of({nobody(), server.at()}).fetch({"GET", "/"}).address,
            server.host());
}

TEST(client, passes_on_what_its_reader_throws_and_can_be_used_again) {
  peer server({stream_of({"{}\n"}), response("{}")});
  auto node = client_of({server.at()});
  stream_reader reader;
  reader.on_line = [](std::string_view) { throw failure("enough"); };
  EXPECT_THROW(node.stream({"GET", "/"}, reader), failure);
  EXPECT_EQ(node.fetch({"GET", "/"}).status, 200u);
}

TEST(client, sends_the_headers_it_was_given) {
  peer server({response("{}")});
  client_of({server.at()})
      .fetch({"GET", "/", "", {{"Accept", "text/markdown"}, {"Idempotency-Key", "k"}}});
  auto request = server.requests().at(0);
  EXPECT_TRUE(has(request, "\r\nAccept: text/markdown\r\n")) << request;
  EXPECT_TRUE(has(request, "\r\nIdempotency-Key: k\r\n")) << request;
  EXPECT_FALSE(has(request, "json"));
}

TEST(client, hands_over_bytes_as_they_are_when_asked) {
  peer server({stream_of({std::string("a\n\r\n\0\n", 6), "b"})}, 3);
  std::string all;
  stream_reader reader;
  reader.on_bytes = [&](std::string_view piece) { all += piece; };
  client_of({server.at()}).stream({"GET", "/"}, reader);
  EXPECT_EQ(all, std::string("a\n\r\n\0\nb", 7));
}

TEST(client, gives_a_silent_request_up_when_its_tick_throws) {
  peer server({stream_of({"{}\n"}, false) + held, response("{}")});
  auto node = client_of({server.at()});
  int ticks = 0;
  stream_reader reader;
  reader.on_line = [](std::string_view) {};
  reader.on_tick = [&] {
    if (++ticks == 2)
      throw failure("enough");
  };
  EXPECT_THROW(node.stream({"GET", "/"}, reader), failure);
  EXPECT_EQ(ticks, 2);
  EXPECT_EQ(node.fetch({"GET", "/"}).status, 200u);
}

TEST(client, idles_until_its_time_or_what_its_tick_throws) {
  auto node = client_of({});
  int ticks = 0;
  node.idle(std::chrono::milliseconds(1), [&] { ++ticks; });
  EXPECT_EQ(ticks, 0);
  EXPECT_THROW(node.idle(std::chrono::hours(1), [] { throw failure("enough"); }),
               failure);
}

TEST(error_text, is_found_in_every_dialect) {
  EXPECT_EQ(error_text(400, R"({"error":"a"})"), "a");
  EXPECT_EQ(error_text(400, R"({"error":{"message":"b"}})"), "b");
  EXPECT_EQ(error_text(409, R"({"title":"t","detail":"d"})"), "d");
  EXPECT_EQ(error_text(401, R"({"error":"unauthorized","signin_url":"https://u"})"),
            "unauthorized (sign in at https://u)");
  EXPECT_EQ(error_text(404, "404 page not found\n"), "HTTP 404: 404 page not found");
  EXPECT_EQ(error_text(403, ""), "HTTP 403");
  EXPECT_EQ(error_text(502, "<html>..."), "HTTP 502");
  EXPECT_EQ(error_text(500, "{}"), "HTTP 500");
}

} // namespace
} // namespace conductor::cli
