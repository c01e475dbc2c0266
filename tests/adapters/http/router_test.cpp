#include "adapters/http/forward.hpp"
#include "adapters/http/request_id.hpp"
#include "adapters/http/router.hpp"
#include "messages/percent.hpp"

#include <gtest/gtest.h>

namespace conductor::test {
namespace {

TEST(the_router, knows_what_takes_a_place) {
  for (const auto* path : {"/api/generate", "/api/chat", "/api/embed", "/api/embeddings",
                           "/v1/chat/completions", "/v1/completions", "/v1/embeddings",
                           "/v1/responses", "/v1/messages", "/v1/audio/transcriptions"}) {
    EXPECT_EQ(find_route("POST", path).kind, request_kind::inference) << path;
    EXPECT_EQ(find_route("GET", path).kind, request_kind::relay) << path;
  }
}

TEST(the_router, relays_whatever_tomorrows_ollama_may_add) {
  EXPECT_EQ(find_route("POST", "/api/new").kind, request_kind::relay);
  EXPECT_EQ(find_route("PATCH", "/v1/new/thing").kind, request_kind::relay);
  EXPECT_EQ(find_route("GET", "/apix").kind, request_kind::local);
  EXPECT_FALSE(find_route("GET", "/apix").known);
}

TEST(the_router, answers_for_the_node_itself) {
  for (const auto* path : {"/", "/healthz", "/readyz", "/metrics", "/console",
                           "/console/x.js", "/conductor/v1/status", "/conductor/none"})
    EXPECT_EQ(find_route("GET", path).kind, request_kind::local) << path;
}

TEST(the_router, streams_uploads) {
  EXPECT_TRUE(find_route("POST", "/api/blobs/sha256:00").uploads);
  EXPECT_FALSE(find_route("HEAD", "/api/blobs/sha256:00").uploads);
}

TEST(the_router, speaks_the_dialect_of_the_path) {
  EXPECT_EQ(find_route("POST", "/v1/messages").speaks, dialect::anthropic);
  EXPECT_EQ(find_route("POST", "/v1/responses").speaks, dialect::responses);
  EXPECT_EQ(find_route("POST", "/v1/chat/completions").speaks, dialect::openai);
  EXPECT_EQ(find_route("POST", "/api/chat").speaks, dialect::ollama);
}

TEST(the_router, repeats_only_what_does_no_harm) {
  EXPECT_TRUE(find_route("GET", "/api/tags").repeatable);
  EXPECT_TRUE(find_route("POST", "/api/chat").repeatable);
  EXPECT_FALSE(find_route("POST", "/api/pull").repeatable);
  EXPECT_FALSE(find_route("DELETE", "/api/delete").repeatable);
}

TEST(a_path, is_seen_as_ollama_sees_it) {
  EXPECT_EQ(path_of("/api/chat?x=/y"), "/api/chat");
  EXPECT_EQ(path_of("/api/%67enerate"), "/api/generate");
  EXPECT_EQ(path_of("/a%zz%4"), "/a%zz%4");
}

TEST(forwarded_headers, leave_out_what_is_of_this_hop) {
  request_head head;
  head.fields = {{"Host", "a"},
                 {"User-Agent", "x"},
                 {"Connection", "close, X-Private"},
                 {"x-private", "1"},
                 {"connection", "X-More;q=1,, X-Third;q=1"},
                 {"X-THIRD", "1"},
                 {"Origin", "http://localhost"},
                 {"Content-Length", "3"},
                 {"Authorization", "Bearer secret"},
                 {"X-Conductor-Class", "batch"},
                 {"traceparent", "00-1-2-01"},
                 {"Accept", "*/*"}};
  std::string names;
  for (const auto& f : forwarded_headers(head))
    names += f.name + " ";
  EXPECT_EQ(names, "User-Agent traceparent Accept ");
}

TEST(a_request_id, is_the_clients_where_it_is_harmless) {
  EXPECT_EQ(choose_request_id("abc-1.2_3"), "abc-1.2_3");
  for (const auto* bad : {"", "a b", "a\"b", "<x>", "cnd_ab_cd"})
    EXPECT_EQ(choose_request_id(bad).size(), 16u) << bad;
  EXPECT_EQ(choose_request_id(std::string(129, 'a')).size(), 16u);
  EXPECT_NE(choose_request_id(""), choose_request_id(""));
}

/// A proxy before Ollama could make /api/pull of it, which needs another scope.
TEST(router, passes_no_path_on_that_means_another) {
  for (const auto* path : {"/v1/../api/pull", "/api/./tags", "/api/..", "/api/tags/.",
                           "/x/../metrics", "/v1/models/../../api/pull"}) {
    const auto r = find_route("POST", path_of(path));
    EXPECT_EQ(r.kind, request_kind::local) << path;
    EXPECT_FALSE(r.known) << path;
  }
  EXPECT_EQ(find_route("POST", path_of("/v1/%2e%2e/api/pull")).kind, request_kind::local);
  EXPECT_EQ(find_route("POST", path_of("/v1/x%2f..%2fy")).kind, request_kind::local);
  // The node's own paths are taken as they are, and need what they begin with needs.
  EXPECT_EQ(find_route("POST", "/conductor/v1/keys/..").speaks, dialect::native);
  EXPECT_EQ(find_route("GET", "/v1/models/a..b").kind, request_kind::list);
  EXPECT_EQ(find_route("GET", "/api/...").kind, request_kind::relay);
}

} // namespace
} // namespace conductor::test
