#include "adapters/http/guard.hpp"

#include <gtest/gtest.h>

namespace conductor::test {
namespace {

request_head asking(std::string method, std::string host, std::string origin = {}) {
  request_head head;
  head.method = std::move(method);
  head.fields.push_back({"Host", std::move(host)});
  if (!origin.empty())
    head.fields.push_back({"Origin", std::move(origin)});
  return head;
}

int status(const request_head& head, const guard_rules& rules = {true, {}}) {
  return judge(head, rules).status.value_or(0);
}

TEST(the_host_guard, lets_local_names_and_addresses_pass) {
  for (const auto* host : {"localhost", "localhost:11435", "LOCALHOST", "127.0.0.1:1",
                           "[::1]:11435", "0.0.0.0", "192.168.1.2", "10.0.0.1:80",
                           "box.local", "a.internal", "x.localhost:1", ""})
    EXPECT_EQ(status(asking("GET", host)), 0) << host;
}

TEST(the_host_guard, refuses_a_rebound_name) {
  for (const auto* host : {"evil.com", "evil.com:11435", "localhost.evil.com", "8.8.8.8"})
    EXPECT_EQ(status(asking("GET", host)), 403) << host;
}

TEST(the_host_guard, is_for_loopback_listeners) {
  EXPECT_EQ(status(asking("GET", "evil.com"), {false, {}}), 0);
}

TEST(the_origin_guard, has_ollamas_defaults) {
  for (const auto* origin :
       {"http://localhost", "https://localhost:3000", "http://127.0.0.1:8080", "app://x",
        "file://", "tauri://localhost", "vscode-webview://abc", "http://0.0.0.0:1"})
    EXPECT_EQ(status(asking("POST", "localhost", origin)), 0) << origin;
  for (const auto* origin : {"https://evil.com", "null", "http://localhost.evil.com",
                             "https://127.0.0.1.evil.com"})
    EXPECT_EQ(status(asking("POST", "localhost", origin)), 403) << origin;
}

TEST(the_origin_guard, lets_a_page_of_the_same_host_pass_without_headers) {
  const auto v = judge(asking("POST", "box:11435", "http://box:11435"), {false, {}});
  EXPECT_FALSE(v.status);
  EXPECT_TRUE(v.headers.empty());
}

TEST(the_origin_guard, takes_configured_origins) {
  EXPECT_EQ(status(asking("GET", "localhost", "https://a.example"),
                   {true, {"https://*.example"}}),
            0);
  const auto any = judge(asking("GET", "localhost", "https://evil.com"), {true, {"*"}});
  ASSERT_EQ(any.headers.size(), 1u);
  EXPECT_EQ(any.headers[0].value, "*");
}

TEST(the_origin_guard, answers_a_preflight) {
  const auto v =
      judge(asking("OPTIONS", "localhost", "http://localhost:3000"), {true, {}});
  EXPECT_EQ(v.status, 204);
  std::string names;
  for (const auto& h : v.headers)
    names += h.name + " ";
  EXPECT_NE(names.find("Access-Control-Allow-Methods"), std::string::npos);
  EXPECT_NE(names.find("Access-Control-Allow-Origin"), std::string::npos);
}

} // namespace
} // namespace conductor::test
