#include "adapters/http/credentials.hpp"
#include "adapters/http/scopes.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace conductor::test {
namespace {

needed_scope needed(std::string_view method, std::string_view path) {
  return scope_of(method, path, find_route(method, path));
}

struct way {
  const char* method;
  const char* path;
};

TEST(an_open_path, needs_no_key) {
  for (const auto& w : {way{"GET", "/"}, way{"HEAD", "/"}, way{"GET", "/healthz"},
                        way{"GET", "/readyz"}, way{"HEAD", "/readyz"}})
    EXPECT_TRUE(needed(w.method, w.path).open) << w.method << w.path;
  EXPECT_FALSE(needed("POST", "/").open);
  EXPECT_FALSE(needed("GET", "/metrics").open);
  EXPECT_FALSE(needed("GET", "/anything").open);
}

TEST(a_scope, is_needed_by_what_a_path_does) {
  struct row {
    scope what;
    std::vector<way> ways;
  };
  const row table[] = {
      {scope::inference,
       {{"POST", "/api/chat"},
        {"POST", "/api/generate"},
        {"POST", "/v1/messages"},
        {"POST", "/v1/audio/transcriptions"},
        {"POST", "/v1/responses"},
        {"GET", "/api/tags"},
        {"GET", "/api/ps"},
        {"POST", "/api/show"},
        {"GET", "/api/version"},
        {"GET", "/v1/models"},
        {"GET", "/v1/models/x"},
        {"POST", "/v1/images/generations"},
        {"GET", "/api/of-tomorrow"}}},
      {scope::sessions,
       {{"GET", "/conductor/v1/sessions"},
        {"POST", "/conductor/v1/sessions/x/messages"},
        {"DELETE", "/conductor/v1/sessions/x"},
        {"GET", "/conductor/v1/ws"},
        {"GET", "/v1/responses/resp_01a20b77-ee37_4"}}},
      {scope::models,
       {{"POST", "/api/pull"},
        {"POST", "/api/push"},
        {"POST", "/api/create"},
        {"POST", "/api/copy"},
        {"DELETE", "/api/delete"},
        {"POST", "/api/blobs/sha256:00"},
        {"HEAD", "/api/blobs/sha256:00"},
        {"POST", "/conductor/v1/models/load"},
        {"POST", "/conductor/v1/models/pin"}}},
      {scope::admin,
       {{"GET", "/conductor/v1/keys"},
        {"POST", "/conductor/v1/keys"},
        {"GET", "/conductor/v1/backends"},
        {"POST", "/conductor/v1/backends/x/drain"},
        {"GET", "/conductor/v1/backup"},
        {"GET", "/conductor/v1/status"},
        {"GET", "/conductor/v1/queue"},
        {"GET", "/conductor/v1/gpus"},
        {"GET", "/conductor/v1/of-tomorrow"},
        {"GET", "/metrics"},
        {"POST", "/api/signout"},
        {"DELETE", "/api/of-tomorrow"},
        {"POST", "/api/of-tomorrow"}}},
  };
  for (const auto& r : table)
    for (const auto& w : r.ways) {
      const auto n = needed(w.method, w.path);
      EXPECT_FALSE(n.open) << w.method << w.path;
      EXPECT_EQ(n.what, std::optional{r.what}) << w.method << " " << w.path;
    }
}

TEST(any_key, sees_what_is_its_own) {
  for (const auto* path : {"/conductor/v1/generations", "/conductor/v1/requests/x",
                           "/conductor/v1/openapi.json"}) {
    EXPECT_FALSE(needed("GET", path).open) << path;
    EXPECT_FALSE(needed("GET", path).what) << path;
  }
}

TEST(an_answer, is_what_a_keys_limits_count) {
  const auto makes = [](std::string_view method, std::string_view path) {
    return makes_answer(method, path, find_route(method, path));
  };
  EXPECT_TRUE(makes("POST", "/api/chat"));
  EXPECT_TRUE(makes("POST", "/v1/responses"));
  EXPECT_TRUE(makes("POST", "/conductor/v1/sessions/x/messages"));
  EXPECT_TRUE(makes("POST", "/conductor/v1/sessions/x/regenerate"));
  EXPECT_FALSE(makes("GET", "/conductor/v1/sessions/x/events"));
  EXPECT_FALSE(makes("POST", "/conductor/v1/sessions"));
  EXPECT_FALSE(makes("GET", "/api/tags"));
  EXPECT_FALSE(makes("POST", "/api/pull"));
}

TEST(a_path, may_hide_which_model_is_meant) {
  const auto hides = [](std::string_view method, std::string_view path) {
    return hides_model(method, path, find_route(method, path));
  };
  for (const auto& w :
       {way{"POST", "/api/copy"}, way{"POST", "/api/create"},
        way{"POST", "/v1/audio/transcriptions"}, way{"POST", "/v1/images/generations"},
        way{"DELETE", "/api/delete"}})
    EXPECT_TRUE(hides(w.method, w.path)) << w.path;
  for (const auto& w :
       {way{"POST", "/api/chat"}, way{"POST", "/api/show"}, way{"POST", "/v1/messages"},
        way{"GET", "/api/tags"}, way{"POST", "/api/pull"}, way{"GET", "/v1/models"}})
    EXPECT_FALSE(hides(w.method, w.path)) << w.path;
}

TEST(a_key_in_a_path, is_taken_off_it) {
  const auto taken = [](std::string target) {
    auto key = take_key(target);
    return key + " " + target;
  };
  EXPECT_EQ(taken("/t/cnd_a_b/api/tags?x=1"), "cnd_a_b /api/tags?x=1");
  EXPECT_EQ(taken("/t/cnd_a_b/"), "cnd_a_b /");
  EXPECT_EQ(taken("/t/cnd_a_b"), "cnd_a_b /");
  EXPECT_EQ(taken("/t/cnd_a_b?x"), "cnd_a_b /?x");
  EXPECT_EQ(taken("/t//api/tags"), "- /api/tags"); // a key that is none
  EXPECT_EQ(taken("/api/tags"), " /api/tags");
  EXPECT_EQ(taken("/tags"), " /tags");
}

request_head head_with(std::vector<header_field> fields) {
  request_head head;
  head.method = "GET";
  head.target = "/";
  head.fields = std::move(fields);
  return head;
}

std::string key_shown(std::vector<header_field> fields) {
  return credentials_of(head_with(std::move(fields)), {}, "/", {"10.0.0.1:5", false}).key;
}

TEST(a_key, may_be_sent_in_several_ways) {
  EXPECT_EQ(key_shown({{"Authorization", "Bearer cnd_a_b"}}), "cnd_a_b");
  EXPECT_EQ(key_shown({{"authorization", "bearer  cnd_a_b "}}), "cnd_a_b");
  EXPECT_EQ(key_shown({{"X-Api-Key", "cnd_a_b"}}), "cnd_a_b");
  EXPECT_EQ(key_shown({{"Sec-WebSocket-Protocol", "conductor, conductor.key.cnd_a_b"}}),
            "cnd_a_b");
  EXPECT_EQ(key_shown({{"Authorization", "Basic Y25kX2FfYg=="}}), "");
  EXPECT_EQ(key_shown({}), "");
}

TEST(a_key_of_ours, counts_beside_another_programs) {
  EXPECT_EQ(key_shown({{"Authorization", "Bearer ollama"}, {"x-api-key", "cnd_a_b"}}),
            "cnd_a_b");
  EXPECT_EQ(key_shown({{"Authorization", "Bearer cnd_a_b"}, {"x-api-key", "other"}}),
            "cnd_a_b");
  EXPECT_EQ(key_shown({{"x-api-key", "other"},
                       {"Sec-WebSocket-Protocol", "conductor.key.cnd_a_b"}}),
            "cnd_a_b");
  EXPECT_EQ(key_shown({{"Authorization", "Bearer ollama"}, {"x-api-key", "other"}}),
            "ollama");
}

TEST(what_is_shown, says_where_it_comes_from) {
  const auto shown = [](const char* peer, std::vector<header_field> fields = {}) {
    const auto head = head_with(std::move(fields));
    return credentials_of(head, {}, "/", find_asker(head, peer, {}));
  };
  EXPECT_TRUE(shown("127.0.0.1:5").local);
  EXPECT_TRUE(shown("::1:5").local);
  EXPECT_FALSE(shown("10.0.0.1:5").local);
  EXPECT_EQ(shown("unix:uid=1000").uid, 1000u);
  EXPECT_FALSE(shown("unix").uid);
  EXPECT_FALSE(shown("127.0.0.1:5").proxied);
  for (const auto* name : {"Forwarded", "x-forwarded-for", "Via"})
    EXPECT_TRUE(shown("127.0.0.1:5", {{name, "1.1.1.1"}}).proxied) << name;
  EXPECT_EQ(shown("::1:5", {{"Authorization", "AAAA:BBBB"}}).signature, "AAAA:BBBB");
}

TEST(a_protocol, is_agreed_on_that_tells_no_key) {
  EXPECT_EQ(agreed_protocol("conductor.key.cnd_a_b, conductor"), "conductor");
  EXPECT_EQ(agreed_protocol("conductor.key.cnd_a_b"), "conductor.key.cnd_a_b");
  EXPECT_EQ(agreed_protocol("x,y"), "x");
  EXPECT_EQ(agreed_protocol(""), "");
}

} // namespace
} // namespace conductor::test
