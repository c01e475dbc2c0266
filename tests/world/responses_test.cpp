#include "tests/world/world_fixture.hpp"

#include <algorithm>

namespace conductor::test {
namespace {

using json = nlohmann::json;
using namespace std::chrono_literals;

/// A node that OpenAI's clients ask for responses which it stores.
class a_node_with_responses : public a_node {
protected:
  http_answer post(json body) {
    body.emplace("model", "canned");
    if (!body.contains("previous_response_id"))
      body.emplace("store", true);
    return ask("POST", "/v1/responses", body.dump());
  }
  json made(const json& body) {
    const auto a = post(body);
    EXPECT_EQ(a.status, 200) << a.body;
    return json::parse(a.body);
  }
  json after(const json& before, const std::string& input) {
    return made({{"input", input}, {"previous_response_id", before["id"]}});
  }
  http_answer at(const json& response, const std::string& method = "GET",
                 const std::string& part = "") {
    return ask(method, "/v1/responses/" + response["id"].get<std::string>() + part);
  }
  json messages_sent() { return json::parse(last_request("/api/chat").body)["messages"]; }
  static std::string session_of(const json& response) {
    return response["id"].get<std::string>().substr(5, 36);
  }
  static std::string message_of(const http_answer& a) {
    return json::parse(a.body)["error"]["message"];
  }
  /// The events of a stream, in order, each with its number.
  static std::vector<json> events_of(const std::string& body) {
    std::vector<json> all;
    for (const auto& line : lines_of(body))
      if (line.starts_with("data: ")) {
        all.push_back(json::parse(line.substr(6)));
        EXPECT_EQ(all.back()["sequence_number"], all.size() - 1);
      }
    return all;
  }
};

TEST_F(a_node_with_responses, continues_what_it_stored) {
  start();
  const auto one = made({{"input", "hello"}, {"instructions", "Be brief."}});
  EXPECT_EQ(one["status"], "completed");
  EXPECT_EQ(one["store"], true);
  const auto two = made({{"input", "and then?"},
                         {"instructions", "Be brief."},
                         {"previous_response_id", one["id"]}});
  EXPECT_EQ(two["previous_response_id"], one["id"]);
  const auto sent = messages_sent();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(sent[0]["content"], "Be brief.");
  EXPECT_EQ(sent[1]["content"], "hello");
  EXPECT_EQ(sent[2]["content"], one["output"][0]["content"][0]["text"]);
  EXPECT_EQ(sent[3]["content"], "and then?");
  EXPECT_EQ(session_of(one), session_of(two));
  // OpenAI's rule: instructions are not carried over.
  after(two, "more");
  EXPECT_EQ(messages_sent()[0]["role"], "user");
}

TEST_F(a_node_with_responses, forks_where_an_earlier_one_is_continued) {
  start();
  const auto one = made({{"input", "hello"}});
  const auto two = after(one, "left");
  const auto other = after(one, "right");
  EXPECT_NE(session_of(other), session_of(two));
  const auto sent = messages_sent();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[2]["content"], "right");
  after(two, "left again");
  EXPECT_EQ(messages_sent()[2]["content"], "left");
}

TEST_F(a_node_with_responses, tells_again_what_it_stored) {
  start();
  auto one = made({{"input", "hello"}, {"metadata", {{"who", "me"}}}});
  EXPECT_EQ(json::parse(at(one).body), one);
  const auto two = after(one, "more");
  EXPECT_EQ(json::parse(at(two).body), two);
  const auto items = json::parse(at(two, "GET", "/input_items").body);
  ASSERT_EQ(items["data"].size(), 1u);
  EXPECT_EQ(items["data"][0]["content"][0]["text"], "more");
  // The same conversation, from the other side.
  const auto session =
      json::parse(ask("GET", "/conductor/v1/sessions/" + session_of(one)).body);
  EXPECT_EQ(session["title"], "hello");
  EXPECT_EQ(session["messages"].size(), 4u);
}

TEST_F(a_node_with_responses, pages_through_what_was_asked) {
  start();
  auto input = json::array();
  for (const auto* text : {"a", "b", "c"})
    input.push_back({{"role", "user"}, {"content", text}});
  const auto one = made({{"input", input}});
  const auto page = [&](const std::string& query) {
    return json::parse(at(one, "GET", "/input_items?" + query).body);
  };
  const auto first = page("order=asc&limit=2");
  EXPECT_EQ(first["has_more"], true);
  EXPECT_EQ(first["data"][1]["content"][0]["text"], "b");
  const auto second =
      page("order=asc&limit=2&after=" + first["last_id"].get<std::string>());
  ASSERT_EQ(second["data"].size(), 1u);
  EXPECT_EQ(second["data"][0]["content"][0]["text"], "c");
  EXPECT_EQ(second["has_more"], false);
  EXPECT_EQ(page("")["data"][0]["content"][0]["text"], "c"); // the last one first
  EXPECT_EQ(at(one, "GET", "/input_items?limit=0").status, 400);
  EXPECT_EQ(at(one, "GET", "/input_items?after=x").status, 400);
}

TEST_F(a_node_with_responses, streams_thoughts_text_and_calls_as_items) {
  script s;
  s.thinking = 2;
  s.records = 3;
  s.tool = true;
  ollama.set_default(s);
  start();
  const json tool{{"type", "function"},
                  {"name", "weather"},
                  {"parameters", {{"type", "object"}, {"properties", json::object()}}}};
  const auto a = post({{"input", "hello"}, {"stream", true}, {"tools", {tool}}});
  EXPECT_EQ(a.headers.at("content-type"), "text/event-stream");
  const auto all = events_of(a.body);
  ASSERT_GT(all.size(), 10u);
  EXPECT_EQ(all.front()["type"], "response.created");
  EXPECT_EQ(all.back()["type"], "response.completed");
  const auto last = all.back()["response"];
  std::vector<std::string> kinds;
  for (const auto& item : last["output"])
    kinds.push_back(item["type"]);
  EXPECT_EQ(kinds, (std::vector<std::string>{"reasoning", "message", "function_call"}));
  std::string text;
  std::size_t done = 0;
  for (const auto& e : all) {
    if (e["type"] == "response.output_text.delta")
      text += e["delta"];
    if (e["type"] == "response.output_item.done") {
      EXPECT_EQ(e["item"], last["output"][done++]);
    }
  }
  EXPECT_EQ(done, 3u);
  EXPECT_EQ(text, expected_text(s));
  EXPECT_EQ(json::parse(at(last).body)["output"], last["output"]);

  // The result of the call goes on under the function's name.
  ollama.set_default({});
  const auto& call = last["output"][2];
  EXPECT_EQ(json::parse(call["arguments"].get<std::string>())["city"], "Paris");
  made({{"input",
         {{{"type", "function_call_output"},
           {"call_id", call["call_id"]},
           {"output", "sun"}}}},
        {"previous_response_id", last["id"]}});
  const auto sent = messages_sent();
  EXPECT_EQ(sent[1]["tool_calls"][0]["function"]["name"], "weather");
  EXPECT_EQ(sent[2]["role"], "tool");
  EXPECT_EQ(sent[2]["tool_name"], "weather");
  EXPECT_EQ(sent[2]["content"], "sun");
}

TEST_F(a_node_with_responses, passes_settings_on_as_they_are) {
  start();
  const json schema{
      {"type", "object"},
      {"properties", {{"a", {{"enum", {nullptr, "b"}}, {"default", nullptr}}}}}};
  const auto r = made(
      {{"input", "hello"},
       {"temperature", 0.5},
       {"max_output_tokens", 3},
       {"text",
        {{"format", {{"type", "json_schema"}, {"name", "n"}, {"schema", schema}}}}}});
  const auto sent = json::parse(last_request("/api/chat").body);
  EXPECT_EQ(sent["format"], schema);
  EXPECT_EQ(sent["options"]["temperature"], 0.5);
  EXPECT_EQ(sent["options"]["num_predict"], 3);
  EXPECT_EQ(r["text"]["format"]["schema"], schema);
  EXPECT_EQ(r["status"], "incomplete");
  EXPECT_EQ(r["incomplete_details"]["reason"], "max_output_tokens");
}

TEST_F(a_node_with_responses, tells_answers_that_were_asked_for_otherwise) {
  start();
  const auto one = made({{"input", "hello"}});
  const auto said =
      ask("POST", "/conductor/v1/sessions/" + session_of(one) + "/messages",
          json{{"content", "and now?"},
               {"options", nullptr},
               {"format", nullptr},
               {"tools", {1, {{"function", 2}}, {{"function", {{"name", "f"}}}}}}}
              .dump());
  ASSERT_EQ(said.status, 200) << said.body;
  const auto found = ask("GET", "/v1/responses/resp_" + session_of(one) + "_4");
  ASSERT_EQ(found.status, 200) << found.body;
  const auto r = json::parse(found.body);
  ASSERT_EQ(r["tools"].size(), 1u) << r;
  EXPECT_EQ(r["tools"][0]["name"], "f");
  EXPECT_EQ(r["text"]["format"]["type"], "text");
}

TEST_F(a_node_with_responses, takes_a_path_for_what_it_means) {
  start();
  const auto id = made({{"input", "hello"}})["id"].get<std::string>();
  EXPECT_EQ(ask("GET", "/v1/response%73/" + id).body,
            ask("GET", "/v1/responses/" + id).body);
  const auto body = json{{"model", "canned"}, {"input", "x"}, {"store", true}}.dump();
  const auto before = json::parse(ask("GET", "/conductor/v1/sessions").body);
  EXPECT_EQ(ask("POST", "/v1/response%73/" + id, body).status, 404);
  EXPECT_EQ(json::parse(ask("GET", "/conductor/v1/sessions").body), before);
}

TEST_F(a_node_with_responses, names_what_is_wrong) {
  start();
  const auto wrong = [&](const json& body, const std::string& part) {
    const auto a = post(body);
    EXPECT_EQ(a.status, 400) << body << a.body;
    EXPECT_NE(message_of(a).find(part), std::string::npos) << message_of(a);
  };
  wrong({{"input", ""}}, "\"input\" must not be empty");
  wrong(json::object(), "\"input\" is missing");
  wrong({{"input", "a"}, {"nonsense", 1}}, "\"nonsense\"");
  wrong({{"input", "a"}, {"background", true}}, "\"background\" must be false");
  wrong({{"input", "a"}, {"tools", {{{"type", "web_search"}}}}}, "web_search");
  wrong({{"input",
          {{{"type", "function_call_output"}, {"call_id", "x"}, {"output", "y"}}}}},
        "call_id \"x\"");
  wrong({{"input", {{{"role", "user"}, {"content", {{{"type", "input_file"}}}}}}}},
        "input[0]: content of type \"input_file\"");
  wrong({{"input", "a"}, {"previous_response_id", "resp_123"}}, "resp_SESSION_MESSAGE");
  const auto missing =
      post({{"input", "a"},
            {"previous_response_id", "resp_01a20be1-2542-7d69-aa3b-a10334d0095c_2"}});
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(message_of(missing).find("not found"), std::string::npos);
  for (const auto& r : ollama.requests())
    EXPECT_NE(r.route, "/api/chat");
}

TEST_F(a_node_with_responses, tells_what_failed_as_ollama_does) {
  start();
  EXPECT_EQ(post({{"input", "a"}, {"model", "none"}}).status, 404);
  script s;
  s.error_after = 2;
  ollama.set_default(s);
  const auto all = events_of(post({{"input", "a"}, {"stream", true}}).body);
  EXPECT_EQ(all.back()["type"], "response.failed");
  EXPECT_EQ(all.back()["response"]["error"]["message"], "scripted error");
  EXPECT_EQ(json::parse(at(all.back()["response"]).body)["status"], "failed");
}

TEST_F(a_node_with_responses, goes_on_without_its_client) {
  script s;
  s.records = 40;
  s.gap = 5ms;
  ollama.set_default(s);
  start();
  json r;
  {
    http_client lost{port};
    lost.ask("POST", "/v1/responses",
             R"({"model":"canned","input":"a","store":true,"stream":true})");
    const auto first = lost.read_first_chunk().body;
    const auto line = first.find("data: ") + 6;
    r = json::parse(first.substr(line, first.find('\n', line) - line))["response"];
  }
  EXPECT_EQ(post({{"input", "b"}, {"previous_response_id", r["id"]}}).status, 409);
  const auto until = std::chrono::steady_clock::now() + 10s;
  json now;
  do
    now = json::parse(at(r).body);
  while (now["status"] == "in_progress" && std::chrono::steady_clock::now() < until);
  EXPECT_EQ(now["status"], "completed") << now;
  EXPECT_EQ(now["output"][0]["content"][0]["text"], expected_text(s));
}

TEST_F(a_node_with_responses, cancels_and_deletes) {
  script s;
  s.gap = 20ms;
  s.records = 1000;
  ollama.next(s);
  start();
  http_client streaming{port};
  streaming.ask("POST", "/v1/responses",
                R"({"model":"canned","input":"a","store":true,"stream":true})");
  auto body = streaming.read_first_chunk().body;
  const auto line = body.find("data: ") + 6;
  const auto r = json::parse(body.substr(line, body.find('\n', line) - line))["response"];
  while (body.find("output_text.delta") == std::string::npos)
    body += streaming.read_chunk();
  EXPECT_EQ(json::parse(at(r, "POST", "/cancel").body)["status"], "cancelled");
  while (body.find("response.incomplete") == std::string::npos) {
    const auto part = streaming.read_chunk();
    ASSERT_NE(part, "");
    body += part;
  }
  const auto two = after(r, "b");
  EXPECT_EQ(at(r, "DELETE").status, 400);
  EXPECT_EQ(json::parse(at(two, "DELETE").body)["deleted"], true);
  EXPECT_EQ(at(two).status, 404);
  EXPECT_EQ(at(r).status, 200);
  EXPECT_EQ(json::parse(at(r, "DELETE").body)["deleted"], true);
  EXPECT_EQ(at(r).status, 404);
  EXPECT_EQ(ask("GET", "/conductor/v1/sessions/" + session_of(r)).status, 404);
}

TEST_F(a_node_with_responses, does_once_what_is_asked_twice) {
  start();
  const std::string header = "Idempotency-Key: k\r\n";
  const auto twice = [&](const std::string& body) {
    const auto one = ask("POST", "/v1/responses", body, header);
    const auto two = ask("POST", "/v1/responses", body, header);
    EXPECT_EQ(one.status, 200) << one.body;
    EXPECT_EQ(json::parse(one.body)["id"], json::parse(two.body)["id"]);
    return json::parse(one.body);
  };
  const auto one = twice(R"({"model":"canned","input":"a","store":true})");
  EXPECT_EQ(ask("POST", "/v1/responses", R"({"model":"canned","input":"b","store":true})",
                header)
                .status,
            422);
  const auto r = made({{"input", "first"}});
  twice(R"({"input":"b","previous_response_id":")" + r["id"].get<std::string>() + "\"}");
}

TEST_F(a_node_with_responses, passes_all_others_to_ollama) {
  start();
  for (const auto* body : {R"({"model":"canned","input":"x"})",
                           R"({"model":"canned","input":"x","store":false})"}) {
    EXPECT_EQ(ask("POST", "/v1/responses", body).status, 200);
    EXPECT_EQ(last_request("/v1/responses").body, body);
  }
  EXPECT_EQ(ask("GET", "/v1/responses/resp_123456").body,
            direct("GET", "/v1/responses/resp_123456").body);
}

} // namespace
} // namespace conductor::test
