#include "adapters/cli/percent.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/session_text.hpp"
#include "tests/adapters/cli/conduct.hpp"
#include "tests/adapters/cli/peer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace conductor::cli {
namespace {

using namespace std::chrono;
using json = nlohmann::ordered_json;

const std::string first = "01a20b22-3bee-7249-af6c-6d9954a94aca";
const std::string second = "01a20b22-3c00-79a8-89d6-e18c336f872e";

json session(const std::string& id, const std::string& title) {
  return {{"id", id},
          {"model", "m"},
          {"title", title},
          {"updated_at", "2024-04-10T00:00:00Z"}};
}

std::string page(const std::vector<json>& sessions, json next = nullptr) {
  return response(json{{"sessions", sessions}, {"next", next}}.dump());
}

std::string line_of(const std::string& request) {
  return request.substr(0, request.find(" HTTP/1.1"));
}

TEST(sessions_table, has_one_line_for_each) {
  auto now = moment(sys_days(2024y / May / 1));
  EXPECT_EQ(sessions_table({session("1", "Colours"), session("2", "a\n\x1b[1mb")}, now),
            "ID    TITLE      MODEL    UPDATED        \n"
            "1     Colours    m        3 weeks ago    \n"
            "2     a  [1mb    m        3 weeks ago    \n");
  EXPECT_EQ(sessions_table({}, now), "ID    TITLE    MODEL    UPDATED    \n");
}

TEST(shown_title, is_cut_to_forty_columns) {
  EXPECT_EQ(shown_title(session("1", "")), "-");
  EXPECT_EQ(shown_title(session("1", std::string(40, 'x'))), std::string(40, 'x'));
  EXPECT_EQ(shown_title(session("1", std::string(41, 'x'))), std::string(39, 'x') + "…");
  std::string wide;
  for (int i = 0; i < 21; ++i)
    wide += "語";
  EXPECT_EQ(shown_title(session("1", wide)), wide.substr(0, 19 * 3) + "…");
}

TEST(conversation_text, has_every_message_under_its_number) {
  auto doc = session("1", "Colours");
  doc["system"] = "Be short.";
  doc["messages"] = json::parse(R"([
    {"seq":1,"role":"user","content":"Name one.\n\n","state":"done","images":2},
    {"seq":2,"role":"assistant","content":"","thinking":"hm","state":"done",
     "tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},
    {"seq":3,"role":"tool","tool_name":"f","content":"red","state":"done"},
    {"seq":4,"role":"assistant","content":"Re","state":"failed","error":"runner died"}])");
  EXPECT_EQ(conversation_text(doc, moment(sys_days(2024y / May / 1))),
            "Session  1\nTitle    Colours\nModel    m\nUpdated  3 weeks ago\n"
            "\nsystem\nBe short.\n"
            "\n[1] user, 2 images\nName one.\n"
            "\n[2] assistant\nThinking...\nhm\n...done thinking.\n\n"
            "calls f with {\"a\":1}\n"
            "\n[3] tool f\nred\n"
            "\n[4] assistant, failed: runner died\nRe\n");
}

TEST(percent_encoded, leaves_only_what_means_nothing_in_a_url) {
  EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encoded("a b&c=ü/?"), "a%20b%26c%3D%C3%BC%2F%3F");
}

TEST(sessions_ls, asks_for_pages_until_its_limit) {
  peer node({page({session("1", "a"), session("2", "b")}, "5.2"),
             page({session("3", "c"), session("4", "d")}, "3.4")});
  auto o = conduct({"sessions", "ls", "--host", node.host(), "--limit", "3", "--json",
                    "--model", "m:1b", "-q", "a b"});
  EXPECT_EQ(o.code, exit_ok) << o.err;
  EXPECT_EQ(parse_ordered(o.out)["sessions"].size(), 3u);
  auto sent = node.requests();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(line_of(sent[0]), "GET /conductor/v1/sessions?limit=3&model=m%3A1b&q=a%20b");
  EXPECT_EQ(line_of(sent[1]),
            "GET /conductor/v1/sessions?limit=3&model=m%3A1b&q=a%20b&before=5.2");
}

TEST(sessions_ls, ends_with_the_last_page) {
  peer node({page({session(first, "a")})});
  auto o = conduct({"sessions", "ls", "--host", node.host()});
  EXPECT_TRUE(o.out.starts_with("ID ")) << o.out;
  EXPECT_NE(o.out.find(first), std::string::npos);
  EXPECT_EQ(line_of(node.requests().at(0)), "GET /conductor/v1/sessions?limit=50");
}

TEST(sessions_show, takes_a_title) {
  peer node({page({session(first, "Colours of Rome"), session(second, "Colours")}),
             response(session(second, "Colours").dump())});
  auto o = conduct({"sessions", "show", "--host", node.host(), "Colours", "--json"});
  EXPECT_EQ(o.out, session(second, "Colours").dump() + "\n");
  EXPECT_EQ(line_of(node.requests().at(0)),
            "GET /conductor/v1/sessions?limit=200&q=Colours");
  EXPECT_EQ(line_of(node.requests().at(1)), "GET /conductor/v1/sessions/" + second);
}

TEST(sessions_show, takes_an_id_and_the_beginning_of_one) {
  peer whole({response(session(first, "a").dump())});
  EXPECT_EQ(conduct({"sessions", "show", "--host", whole.host(), first}).code, exit_ok);
  EXPECT_EQ(line_of(whole.requests().at(0)), "GET /conductor/v1/sessions/" + first);
  peer part({page({session(first, "a"), session(second, "b")}),
             response(session(first, "a").dump())});
  EXPECT_EQ(conduct({"sessions", "show", "--host", part.host(), "01a20b22-3b"}).code,
            exit_ok);
  EXPECT_EQ(line_of(part.requests().at(0)), "GET /conductor/v1/sessions?limit=200");
  EXPECT_EQ(line_of(part.requests().at(1)), "GET /conductor/v1/sessions/" + first);
}

TEST(sessions_show, prefers_a_title_to_the_beginning_of_an_id) {
  peer node({page({session(first, "a"), session(second, "01a2")}),
             response(session(second, "01a2").dump())});
  EXPECT_EQ(conduct({"sessions", "show", "--host", node.host(), "01a2"}).code, exit_ok);
  EXPECT_EQ(line_of(node.requests().at(1)), "GET /conductor/v1/sessions/" + second);
}

TEST(sessions_show, names_the_candidates_for_a_name_of_several) {
  peer node({page({session(first, "a"), session(second, "a")})});
  auto titled = conduct({"sessions", "show", "--host", node.host(), "a"});
  EXPECT_EQ(titled.code, exit_error);
  EXPECT_EQ(titled.err, "Error: 2 sessions have the title \"a\"; say which one by its "
                        "id:\n  " +
                            first + "  a  m\n  " + second + "  a  m\n");
  auto begun = conduct({"sessions", "show", "--host", node.host(), "01a20b22"});
  EXPECT_EQ(begun.code, exit_error);
  EXPECT_TRUE(begun.err.starts_with(
      "Error: 2 sessions have an id that begins with 01a20b22; say which"));
}

TEST(sessions_show, names_similar_or_recent_ones_for_an_unknown_name) {
  peer similar({page({}), page({session(first, "x"), session(second, "My Colours")})});
  EXPECT_EQ(conduct({"sessions", "show", "--host", similar.host(), "colours"}).err,
            "Error: there is no session \"colours\"; similar are:\n  " + second +
                "  My Colours  m\n");
  peer recent({page({}), page({session(first, "x")})});
  EXPECT_EQ(conduct({"sessions", "show", "--host", recent.host(), "Rome"}).err,
            "Error: there is no session \"Rome\"; the ones last used are:\n  " + first +
                "  x  m\n");
  peer none({page({})});
  auto o = conduct({"sessions", "show", "--host", none.host(), "Rome"});
  EXPECT_EQ(o.err, "Error: there is no session \"Rome\", nor any other\n");
  EXPECT_EQ(o.code, exit_error);
}

TEST(sessions_rm, deletes_what_was_named_and_nothing_if_one_is_unknown) {
  auto both = page({session(first, "a"), session(second, "[b,c]")});
  peer node({both, both, both, "HTTP/1.1 204 No Content\r\n\r\n"});
  auto o = conduct({"sessions", "rm", "--host", node.host(), "a", "[b,c]", "a"});
  EXPECT_EQ(o.out, "deleted 'a'\ndeleted '[b,c]'\n") << o.err;
  auto sent = node.requests();
  ASSERT_EQ(sent.size(), 5u);
  EXPECT_EQ(line_of(sent[3]), "DELETE /conductor/v1/sessions/" + first);
  EXPECT_EQ(line_of(sent[4]), "DELETE /conductor/v1/sessions/" + second);
  peer other({both});
  EXPECT_EQ(conduct({"sessions", "rm", "--host", other.host(), "a", "z"}).code,
            exit_error);
  for (const auto& request : other.requests())
    EXPECT_TRUE(request.starts_with("GET ")) << request;
}

TEST(sessions_rename, changes_the_title) {
  peer node({page({session(first, "a")}), response("{}")});
  auto o = conduct({"sessions", "rename", "--host", node.host(), "a", "b c"});
  EXPECT_EQ(o.out, "renamed 'a' to 'b c'\n") << o.err;
  EXPECT_EQ(line_of(node.requests().at(1)), "PATCH /conductor/v1/sessions/" + first);
  EXPECT_EQ(body_of(node.requests().at(1)), nlohmann::json({{"title", "b c"}}));
}

TEST(sessions_fork, prints_the_id_of_the_copy) {
  peer node({page({session(first, "a")}), response(session(second, "").dump())});
  auto o = conduct(
      {"sessions", "fork", "--host", node.host(), "a", "--message", "4", "--title", "t"});
  EXPECT_EQ(o.out, second + "\n") << o.err;
  EXPECT_EQ(line_of(node.requests().at(1)),
            "POST /conductor/v1/sessions/" + first + "/fork");
  EXPECT_EQ(body_of(node.requests().at(1)),
            nlohmann::json({{"message", 4}, {"title", "t"}}));
}

TEST(sessions, end_with_2_when_used_wrongly) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"sessions"},
                                             {"sessions", "nonsense"},
                                             {"sessions", "show"},
                                             {"sessions", "show", "a", "b"},
                                             {"sessions", "rm"},
                                             {"sessions", "rename", "a"},
                                             {"sessions", "fork", "a", "--message", "x"},
                                             {"sessions", "ls", "--limit", "0"},
                                             {"sessions", "backup"}})
    EXPECT_EQ(conduct(words).code, exit_usage) << words.back();
}

} // namespace
} // namespace conductor::cli
