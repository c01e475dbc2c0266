#include "adapters/console/console.hpp"

#include "messages/header.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace conductor::test {
namespace {

response get(std::string target, std::vector<header_field> headers = {},
             std::string method = "GET") {
  request asked;
  asked.method = std::move(method);
  asked.target = std::move(target);
  asked.headers = std::move(headers);
  return console(asked);
}

std::string header(const response& r, std::string_view name) {
  return std::string{header_value(r.headers, name)};
}

/// The address of the first file of that kind.
std::string of_kind(std::string_view end) {
  for (const auto& file : console_files())
    if (file.path.ends_with(end))
      return "/console/" + std::string{file.path};
  return "";
}

TEST(the_console, is_found_with_and_without_its_last_slash) {
  const auto bare = get("/console");
  EXPECT_EQ(bare.status, 301);
  EXPECT_EQ(header(bare, "Location"), "/console/");
  const auto page = get("/console/?x=1");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(page.body, get("/console/index.html").body);
}

TEST(the_console, is_whole_for_those_who_take_no_gzip) {
  const auto page = get("/console/");
  EXPECT_EQ(header(page, "Content-Encoding"), "");
  EXPECT_TRUE(page.body.starts_with("<!doctype html>")) << page.body;
  EXPECT_TRUE(page.body.ends_with("</html>\n")) << page.body;
  const auto script = get(of_kind(".js"), {{"Accept-Encoding", "br, gzip;q=0"}});
  EXPECT_EQ(header(script, "Content-Encoding"), "");
  EXPECT_EQ(script.body.find('\0'), std::string::npos);
  EXPECT_GT(script.body.size(),
            2 * get(of_kind(".js"), {{"Accept-Encoding", "gzip"}}).body.size());
}

TEST(the_console, is_gzip_for_those_who_take_it) {
  for (const auto* takes : {"gzip", "deflate, gzip", "br;q=1, GZIP;q=0.5"}) {
    const auto script = get(of_kind(".js"), {{"Accept-Encoding", takes}});
    EXPECT_EQ(header(script, "Content-Encoding"), "gzip") << takes;
    EXPECT_TRUE(script.body.starts_with("\x1f\x8b"));
    EXPECT_EQ(header(script, "Vary"), "Accept-Encoding");
  }
}

TEST(a_page_of_the_console, names_files_that_are_there) {
  const auto page = get("/console/").body;
  int named = 0;
  for (const auto* attribute : {"src=\"", "href=\""})
    for (auto at = page.find(attribute); at != std::string::npos;
         at = page.find(attribute, at + 1)) {
      const auto from = page.find('"', at) + 1;
      const auto name = page.substr(from, page.find('"', from) - from);
      EXPECT_EQ(get("/console/" + name).status, 200) << name;
      ++named;
    }
  EXPECT_EQ(named, 3);
}

TEST(a_file_of_the_console, is_kept_for_ever_if_its_name_has_its_hash) {
  EXPECT_EQ(header(get(of_kind(".css")), "Cache-Control"),
            "public, max-age=31536000, immutable");
  EXPECT_EQ(header(get("/console/"), "Cache-Control"), "no-cache");
}

TEST(a_file_of_the_console, is_not_sent_again_to_those_who_have_it) {
  const auto tag = header(get("/console/"), "ETag");
  EXPECT_EQ(tag.size(), 18u);
  const auto again = get("/console/", {{"If-None-Match", tag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(header(again, "ETag"), tag);
  EXPECT_EQ(get("/console/", {{"If-None-Match", "\"other\""}}).status, 200);
}

TEST(every_file_of_the_console, may_run_and_ask_only_what_is_of_the_node) {
  EXPECT_GE(console_files().size(), 5u);
  for (const auto& file : console_files()) {
    const auto r = get("/console/" + std::string{file.path});
    const auto policy = header(r, "Content-Security-Policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self';")) << policy;
    EXPECT_NE(policy.find("require-trusted-types-for 'script'"), policy.npos);
    EXPECT_EQ(policy.find("unsafe"), policy.npos) << policy;
    EXPECT_EQ(header(r, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header(r, "Referrer-Policy"), "no-referrer");
  }
}

TEST(the_console, answers_nothing_else) {
  EXPECT_EQ(get("/console/nothing.js").status, 404);
  EXPECT_EQ(get("/console/../index.html").status, 404);
  const auto wrong = get("/console/", {}, "POST");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(header(wrong, "Allow"), "GET, HEAD");
}

TEST(all_files_of_the_console, are_small_together) {
  const auto& all = console_files();
  const auto size = std::accumulate(
      all.begin(), all.end(), std::size_t{0},
      [](std::size_t sum, const console_file& f) { return sum + f.gzip.size(); });
  EXPECT_LT(size, 300u * 1024);
}

} // namespace
} // namespace conductor::test
