#include "tests/world/world_fixture.hpp"

#include "tests/support/ollama/sha256.hpp"

#include <filesystem>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

// The routes that the node answers itself.
TEST_F(a_node, answers_for_itself) {
  start();
  EXPECT_EQ(ask("GET", "/").body, "Ollama is running");
  const auto head = ask("HEAD", "/");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "17");
  EXPECT_EQ(ask("GET", "/nothing").body, "404 page not found");
  EXPECT_EQ(ask("POST", "/").status, 405);
  EXPECT_EQ(ask("GET", "/healthz").body, "ok\n");
  const auto metrics = ask("GET", "/metrics");
  EXPECT_NE(metrics.body.find("conductor_connections"), std::string::npos);
  const auto gone = ask("GET", "/conductor/v1/nothing");
  EXPECT_EQ(gone.headers.at("content-type"), "application/problem+json");
  EXPECT_EQ(nlohmann::json::parse(gone.body)["code"], "not_found");
}

// Ollama answers for what is its own, also for what the node has never heard of.
TEST_F(a_node, relays_what_it_does_not_know) {
  start();
  EXPECT_EQ(ask("GET", "/api/tomorrow").body, "404 page not found");
  const auto wrong = ask("PUT", "/api/tags");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at("allow"), "GET");
  const auto gone = ask("DELETE", "/api/delete", R"({"model":"none"})");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(ask("DELETE", "/api/delete", R"({"model":"thinker"})").status, 200);
  EXPECT_EQ(ask("HEAD", "/api/tags").status, 200);
}

// Headers: what goes on, what stays here, what comes back.
TEST_F(a_node, passes_the_headers_that_may_go_on) {
  start();
  const auto a = ask("POST", "/api/generate", generate(),
                     "traceparent: 00-11-22-01\r\nAuthorization: Bearer secret\r\n"
                     "User-Agent: me\r\nX-Request-Id: my-id\r\nReferer: http://x/\r\n"
                     "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(a.headers.at("x-request-id"), "my-id");
  const auto head = last_request("/api/generate").head;
  EXPECT_FALSE(head.field("Accept-Encoding")); // what comes back is read here
  EXPECT_EQ(ask("GET", "/console/", {}, "Accept-Encoding: gzip\r\n")
                .headers["content-encoding"],
            "gzip");
  EXPECT_EQ(head.field("traceparent"), "00-11-22-01");
  EXPECT_EQ(head.field("User-Agent"), "me");
  EXPECT_EQ(head.field("X-Request-Id"), "my-id");
  EXPECT_FALSE(head.field("Authorization"));
  EXPECT_FALSE(head.field("Referer"));
  EXPECT_EQ(head.field("Host"), "127.0.0.1:" + std::to_string(ollama.port()));
}

// Uploads of any size, chunked or with a length; an early answer; 100-continue.
TEST_F(a_node, streams_uploads) {
  values.server.max_body_bytes = 1024; // no limit for uploads
  start();
  const std::string blob(3'000'000, 'b');
  sha256 sum;
  sum.add(blob);
  const auto path = "/api/blobs/sha256:" + sum.hex();
  EXPECT_EQ(ask("HEAD", path).status, 404);
  {
    http_client c{port};
    c.send("POST " + path +
           " HTTP/1.1\r\nHost: a.local\r\nTransfer-Encoding: chunked\r\n"
           "Expect: 100-continue\r\n\r\n");
    for (std::size_t at = 0; at < blob.size(); at += 100'000)
      c.send("186a0\r\n" + blob.substr(at, 100'000) + "\r\n");
    c.send("0\r\n\r\n");
    EXPECT_EQ(c.read_answer().status, 201);
  }
  EXPECT_EQ(ask("HEAD", path).status, 200);
  http_client again{port};
  again.send("POST " + path +
             " HTTP/1.1\r\nHost: a.local\r\nContent-Length: 3000000\r\n\r\n");
  EXPECT_EQ(again.read_answer().status, 200) << "answered before the body came";
  const auto wrong = ask("POST", path.substr(0, path.size() - 4) + "0000", "short");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(wrong.body.find("digest mismatch"), std::string::npos);
}

// A client that leaves inside its upload takes the upstream request with it.
TEST_F(a_node, ends_an_upload_with_its_client) {
  start();
  {
    http_client c{port};
    c.send("POST /api/blobs/sha256:" + std::string(64, '0') +
           " HTTP/1.1\r\nHost: a.local\r\nContent-Length: 1000\r\n\r\nabc");
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (ollama.seen().connections_open < 2 && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
  }
  EXPECT_EQ(ollama.wait_for_cancels(1), "");
}

// Requests sent ahead are answered in their order.
TEST_F(a_node, answers_pipelined_requests_in_order) {
  start();
  http_client c{port};
  const std::string get = " HTTP/1.1\r\nHost: a.local\r\n\r\n";
  c.send("GET /healthz" + get + "GET /api/version" + get + "GET /nothing" + get);
  EXPECT_EQ(c.read_answer().body, "ok\n");
  EXPECT_EQ(c.read_answer().body, R"({"version":"0.33.0"})");
  EXPECT_EQ(c.read_answer().status, 404);
}

// HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
TEST_F(a_node, serves_an_old_client) {
  start();
  http_client c{port};
  const auto body = generate();
  c.send("POST /api/generate HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body);
  const auto a = c.read_answer();
  EXPECT_EQ(a.status, 200);
  EXPECT_FALSE(a.headers.contains("transfer-encoding"));
  EXPECT_EQ(text_of(a.body), canned_text());
}

// What breaks HTTP is refused, and the connection closed.
TEST_F(a_node, refuses_what_is_no_http) {
  values.server.max_head_bytes = 2048;
  values.server.max_body_bytes = 1000;
  start();
  struct {
    std::string bytes;
    int status;
  } cases[] = {
      {"nonsense\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", 400},
      {"GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"POST /api/chat HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
       "Transfer-Encoding: chunked\r\n\r\n",
       400},
      {"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
       "chunked\r\n\r\nzz\r\n",
       400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(4000, 'x') + "\r\n\r\n", 431},
      {"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n", 413},
      {"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
       "chunked\r\n\r\n7d0\r\n" +
           std::string(2000, 'x') + "\r\n",
       413},
  };
  for (const auto& c : cases) {
    http_client client{port};
    client.send(c.bytes);
    const auto a = client.read_answer();
    EXPECT_EQ(a.status, c.status) << c.bytes.substr(0, 100) << "\n"
                                  << a.body << a.problem;
    EXPECT_FALSE(a.body.empty());
    EXPECT_TRUE(client.closed_by_peer()) << c.bytes.substr(0, 100);
  }
  EXPECT_EQ(ollama.seen().answers, 0u) << "nothing of it reached Ollama";
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

// What breaks after a good request has nothing of that one: no HEAD's silence, no id.
TEST_F(a_node, judges_a_broken_request_by_itself) {
  start();
  http_client c{port};
  c.ask("HEAD", "/", {}, "X-Request-Id: first\r\n");
  EXPECT_EQ(c.read_answer(true).headers.at("x-request-id"), "first");
  c.send("nonsense\r\n\r\n");
  const auto broken = c.read_answer();
  EXPECT_EQ(broken.status, 400);
  EXPECT_FALSE(broken.body.empty());
  EXPECT_NE(broken.headers.at("x-request-id"), "first");
}

// A head or a body that stops arriving is given up in time.
TEST_F(a_node, gives_up_on_a_request_that_stops_arriving) {
  values.server.head_timeout = 200ms;
  values.server.body_timeout = 200ms;
  start();
  for (const auto* part : {"GET / HT", "POST /api/chat HTTP/1.1\r\nHost: localhost\r\n"
                                       "Content-Length: 100\r\n\r\n{\"mod"}) {
    http_client c{port};
    c.send(part);
    EXPECT_EQ(c.read_answer().status, 408) << part;
    EXPECT_TRUE(c.closed_by_peer());
  }
}

// The guards against a page that talks to a local server behind its user's back.
TEST_F(a_node, guards_host_and_origin_as_ollama_does) {
  start();
  http_client c{port};
  c.send("GET /api/tags HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(c.read_answer().status, 403);
  EXPECT_EQ(ask("GET", "/api/tags", {}, "Origin: https://evil.example\r\n").status, 403);
  http_client twice{port};
  for (int i = 0; i < 2; ++i) {
    twice.ask("GET", "/api/tags", {}, "Origin: https://evil.example\r\n");
    EXPECT_EQ(twice.read_answer().status, 403) << "the connection goes on";
  }
  const auto page = ask("GET", "/api/tags", {}, "Origin: http://localhost:3000\r\n");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("access-control-allow-origin"), "http://localhost:3000");
  const auto preflight =
      ask("OPTIONS", "/api/chat", {}, "Origin: http://localhost:3000\r\n");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_TRUE(preflight.headers.contains("access-control-allow-methods"));
}

// The same over a Unix socket, which only its owner may open; a stale file is replaced.
TEST_F(a_node, listens_on_a_unix_socket) {
  const auto path = "/tmp/conductor-test-" + std::to_string(::getpid()) + ".sock";
  values.server.listen.push_back({endpoint::kind::unix_socket, "", 0, path});
  start();
  http_client c{path};
  c.ask("POST", "/api/generate", generate());
  EXPECT_EQ(text_of(c.read_answer().body), canned_text());
  EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  settings other = values;
  other.server.listen = {{endpoint::kind::unix_socket, "", 0, path}};
  node second{other, "test", [](const std::string&) {}};
  EXPECT_THROW(second.start(), std::runtime_error) << "a second node is refused";
}

// A second node on the port is refused with the address in the error.
TEST_F(a_node, refuses_an_address_in_use) {
  start();
  settings other = values;
  other.server.listen = {{endpoint::kind::tcp, "127.0.0.1", port, ""}};
  node second{other, "test", [](const std::string&) {}};
  try {
    second.start();
    FAIL() << "two nodes on one port";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string{e.what()}.find("127.0.0.1:" + std::to_string(port)),
              std::string::npos);
  }
}

// Probes and metrics on a listener of their own.
TEST_F(a_node, has_an_admin_listener) {
  values.server.admin_listen = endpoint{endpoint::kind::tcp, "127.0.0.1", 0, ""};
  start();
  const auto admin = subject->addresses().back().port;
  EXPECT_NE(admin, port);
  EXPECT_EQ(fetch(admin, "GET", "/healthz").body, "ok\n");
  EXPECT_EQ(fetch(admin, "GET", "/metrics").status, 200);
}

} // namespace
} // namespace conductor::test
