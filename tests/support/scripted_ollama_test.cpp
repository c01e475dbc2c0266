#include "tests/support/scripted_ollama.hpp"

#include "tests/support/http_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace conductor::test {
namespace {

using json = nlohmann::json;
using namespace std::chrono_literals;

/// What everything else is tested against must itself behave as the facts say.
class a_scripted_ollama : public ::testing::Test {
protected:
  http_answer chat(json changes = json::object(), bool stream = true) {
    return fetch(ollama.port(), "POST", "/api/chat", body(changes, stream));
  }
  static std::string body(const json& script_changes, bool stream = true) {
    return json{{"model", "canned"},
                {"stream", stream},
                {"messages", {{{"role", "user"}, {"content", "hello"}}}},
                {"options", {{"script", script_changes}}}}
        .dump();
  }
  static std::vector<json> records(const http_answer& a) {
    std::vector<json> all;
    std::istringstream lines{a.body};
    for (std::string line; std::getline(lines, line);)
      all.push_back(json::parse(line));
    return all;
  }
  static std::string text_of(const std::vector<json>& all) {
    std::string text;
    for (const auto& r : all)
      text += r["message"]["content"].get<std::string>();
    return text;
  }

  scripted_ollama ollama;
};

TEST_F(a_scripted_ollama, streams_records_and_says_done_once) {
  const auto a = chat({{"records", 5}});
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.headers.at("content-type"), "application/x-ndjson");
  const auto all = records(a);
  ASSERT_EQ(all.size(), 6u);
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(all[i]["done"], false);
  EXPECT_EQ(all.back()["done"], true);
  EXPECT_EQ(all.back()["eval_count"], 5);
  script s;
  s.records = 5;
  EXPECT_EQ(text_of(all), expected_text(s));
}

TEST_F(a_scripted_ollama, sends_its_head_with_the_first_record) {
  http_client c{ollama.port()};
  ASSERT_TRUE(c.ask("POST", "/api/chat", body({{"first_ms", 400}, {"records", 1}})));
  EXPECT_EQ(c.read_first_chunk(150ms).status, 0) << "a head before the first record";
  EXPECT_EQ(c.read_first_chunk().status, 200);
}

TEST_F(a_scripted_ollama, answers_whole_where_no_stream_is_wanted) {
  const auto a = chat({{"records", 3}}, false);
  EXPECT_EQ(a.headers.at("content-type"), "application/json; charset=utf-8");
  EXPECT_EQ(records(a).size(), 1u);
}

TEST_F(a_scripted_ollama, fails_where_it_is_told) {
  const auto error = records(chat({{"records", 5}, {"error_after", 2}}));
  ASSERT_EQ(error.size(), 3u);
  EXPECT_EQ(error.back(), json({{"error", "scripted error"}}));
  const auto died = chat({{"records", 5}, {"die_after", 2}});
  EXPECT_FALSE(died.whole);
  EXPECT_EQ(records(died).size(), 2u);
  const auto undone = chat({{"records", 2}, {"no_done", true}});
  EXPECT_TRUE(undone.whole);
  EXPECT_EQ(records(undone).back()["done"], false);
  EXPECT_EQ(chat({{"status", 503}}).status, 503);
}

TEST_F(a_scripted_ollama, splits_at_every_byte_without_changing_any) {
  const auto whole = text_of(records(chat({{"records", 4}})));
  const auto split = text_of(records(chat({{"records", 4}, {"split", 1}})));
  EXPECT_EQ(whole, split);
}

TEST_F(a_scripted_ollama, stamps_texts_with_their_number_and_when_they_were_due) {
  const auto all =
      records(chat({{"records", 3}, {"gap_ms", 2}, {"echo", true}, {"stamps", true}}));
  ASSERT_EQ(all.size(), 4u);
  std::vector<std::int64_t> due;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto text = all[i]["message"]["content"].get<std::string>();
    const auto begin = "hello/" + std::to_string(i) + "/";
    ASSERT_TRUE(text.starts_with(begin)) << text;
    EXPECT_EQ(text.back(), ';');
    due.push_back(std::stoll(text.substr(begin.size())));
  }
  EXPECT_EQ(due[1] - due[0], 2'000'000) << "a late record moves the later ones";
  EXPECT_EQ(due[2] - due[1], 2'000'000);
}

TEST_F(a_scripted_ollama, names_what_is_wrong_with_a_script) {
  const auto a = chat({{"recods", 5}});
  EXPECT_EQ(a.status, 400);
  EXPECT_NE(a.body.find("recods"), std::string::npos);
  EXPECT_THROW(script::parse(R"({"records":"many"})"), std::invalid_argument);
}

TEST_F(a_scripted_ollama, counts_a_client_that_leaves) {
  {
    http_client c{ollama.port()};
    ASSERT_TRUE(c.ask("POST", "/api/chat", body({{"hang", true}})));
    EXPECT_EQ(ollama.wait_for_in_flight(1), "");
  }
  EXPECT_EQ(ollama.wait_for_cancels(1), "");
  EXPECT_EQ(ollama.wait_for_in_flight(0), "");
  EXPECT_EQ(ollama.seen().answers_finished, 0u);
}

TEST_F(a_scripted_ollama, uses_scripts_in_the_order_of_their_nearness) {
  script three;
  three.records = 3;
  ollama.set_default(three);
  script one;
  one.records = 1;
  ollama.next(one);
  EXPECT_EQ(records(chat()).size(), 2u);
  EXPECT_EQ(records(chat()).size(), 4u);
  EXPECT_EQ(records(chat({{"records", 2}})).size(), 3u);
}

TEST_F(a_scripted_ollama, knows_its_routes_and_its_models) {
  EXPECT_EQ(fetch(ollama.port(), "GET", "/").body, "Ollama is running");
  EXPECT_EQ(fetch(ollama.port(), "GET", "/nothing").status, 404);
  EXPECT_EQ(fetch(ollama.port(), "GET", "/api/chat").status, 405);
  const auto missing =
      fetch(ollama.port(), "POST", "/api/chat", R"({"model":"none","messages":[]})");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(json::parse(missing.body)["error"], "model 'none' not found");
}

TEST(a_scripted_ollama_with_named_models,
     has_these_and_no_canned_ones_also_after_a_reset) {
  scripted_ollama_options options;
  options.models = {"north", "south:7b"};
  scripted_ollama ollama{options};
  const auto names = [&] {
    std::vector<std::string> all;
    for (const auto& m : ollama.models().list())
      all.push_back(m->name);
    return all;
  };
  const std::vector<std::string> wanted{"north:latest", "south:7b"};
  EXPECT_EQ(names(), wanted);
  EXPECT_TRUE(ollama.models().copy("north", "east"));
  EXPECT_EQ(fetch(ollama.port(), "POST", "/_scripted/reset", "{}").status, 200);
  EXPECT_EQ(names(), wanted);
  const auto missing =
      fetch(ollama.port(), "POST", "/api/generate", R"({"model":"canned","prompt":"x"})");
  EXPECT_EQ(missing.status, 404);
}

TEST(a_scripted_ollama_with_one_place, queues_the_rest_where_nobody_sees_it) {
  scripted_ollama_options options;
  options.parallel = 1;
  scripted_ollama ollama{options};
  script hanging;
  hanging.hang_after = 1;
  ollama.next(hanging);
  const std::string body = R"({"model":"canned","prompt":"hello"})";
  http_client first{ollama.port()};
  ASSERT_TRUE(first.ask("POST", "/api/generate", body));
  EXPECT_EQ(first.read_first_chunk().status, 200);
  http_client second{ollama.port()};
  ASSERT_TRUE(second.ask("POST", "/api/generate", body));
  EXPECT_EQ(second.read_first_chunk(150ms).status, 0);
  EXPECT_EQ(ollama.seen().waiting, 1u);
  first.close();
  EXPECT_EQ(second.read_answer().status, 200);
  EXPECT_EQ(ollama.seen().max_generating, 1u);
}

/// Chats that end with the beginning of an answer.
class a_scripted_ollama_that_goes_on : public a_scripted_ollama {
protected:
  http_answer ask(const std::string& begun, json changes = json::object()) {
    json all{{"model", "canned"},
             {"messages",
              {{{"role", "system"}, {"content", "Be brief."}},
               {{"role", "user"}, {"content", "hello"}},
               {{"role", "assistant"}, {"content", begun}}}}};
    all.update(changes);
    return fetch(ollama.port(), "POST", "/api/chat", all.dump());
  }
  std::string rendered(const std::string& model) {
    const auto a = ask("Hi", {{"model", model}, {"_debug_render_only", true}});
    EXPECT_EQ(a.status, 200);
    return json::parse(a.body)["_debug_info"]["rendered_template"];
  }
};

TEST_F(a_scripted_ollama_that_goes_on, renders_what_is_begun_at_the_very_end) {
  EXPECT_EQ(rendered("canned"),
            "<|system|>Be brief.<|end|>\n<|user|>hello<|end|>\n<|assistant|>Hi");
  ollama.models().copy("canned", "canned-closed");
  EXPECT_TRUE(rendered("canned-closed").ends_with("Hi<|end|>\n<|assistant|>"));
}

TEST_F(a_scripted_ollama_that_goes_on, renders_without_a_place_or_an_answers_script) {
  scripted_ollama_options options;
  options.parallel = 1;
  scripted_ollama narrow{options};
  script hanging;
  hanging.hang_after = 1;
  narrow.next(hanging);
  http_client busy{narrow.port()};
  ASSERT_TRUE(busy.ask("POST", "/api/chat", body(json::object())));
  EXPECT_EQ(busy.read_first_chunk().status, 200);
  script last;
  last.text = "kept";
  narrow.next(last);
  json question = json::parse(body(json::object(), false));
  question["_debug_render_only"] = true;
  const auto a = fetch(narrow.port(), "POST", "/api/chat", question.dump());
  EXPECT_EQ(json::parse(a.body)["_debug_info"]["rendered_template"],
            "<|user|>hello<|end|>\n<|assistant|>");
  EXPECT_EQ(narrow.seen().answers, 1u);
  busy.close();
  const auto answer =
      fetch(narrow.port(), "POST", "/api/chat", body(json::object(), false));
  EXPECT_EQ(json::parse(answer.body)["message"]["content"], "kept");
}

TEST_F(a_scripted_ollama_that_goes_on, says_the_rest_wherever_the_beginning_ends) {
  script s;
  s.records = 70; // more than the text has words: it starts over
  const auto whole = expected_text(s);
  for (std::size_t n : {1u, 4u, 5u, 160u, 300u}) {
    const auto begun = whole.substr(0, n);
    const auto all = records(ask(begun, {{"options", {{"script", {{"records", 70}}}}}}));
    EXPECT_EQ(begun + text_of(all), whole);
    EXPECT_EQ(all.back()["done"], true);
  }
  EXPECT_EQ(text_of(records(ask(whole, {{"options", {{"script", {{"records", 70}}}}}}))),
            "");
}

TEST_F(a_scripted_ollama_that_goes_on, echoes_the_question_whose_answer_is_begun) {
  const json echo{{"options", {{"script", {{"echo", true}}}}}};
  EXPECT_EQ(text_of(records(ask("hel", echo))), "lo");
}

TEST_F(a_scripted_ollama_that_goes_on, begins_anew_where_it_would_say_something_else) {
  const auto whole = expected_text({});
  EXPECT_EQ(text_of(records(ask("That is"))), whole);
  ollama.models().copy("canned", "canned-closed");
  EXPECT_EQ(text_of(records(ask("This is", {{"model", "canned-closed"}}))), whole);
}

/// One whose loaded models and places are limited.
class a_scripted_ollama_with_limits : public ::testing::Test {
protected:
  scripted_ollama& start(const std::function<void(scripted_ollama_options&)>& change) {
    scripted_ollama_options options;
    change(options);
    return *(ollama = std::make_unique<scripted_ollama>(options));
  }
  http_answer ask(json changes = json::object()) const {
    return fetch(ollama->port(), "POST", "/api/generate", body(std::move(changes)));
  }
  static std::string body(json changes) {
    json all{{"model", "canned"}, {"prompt", "hello"}};
    all.update(changes);
    return all.dump();
  }
  json loaded() const {
    return json::parse(fetch(ollama->port(), "GET", "/api/ps").body)["models"];
  }

  std::unique_ptr<scripted_ollama> ollama;
};

TEST_F(a_scripted_ollama_with_limits, unloads_one_model_where_another_does_not_fit) {
  start([](auto& o) { o.max_loaded = 1; });
  for (const auto* model : {"canned", "canned", "thinker", "canned"})
    EXPECT_EQ(ask({{"model", model}}).status, 200);
  EXPECT_EQ(ollama->seen().loads, 3u);
  EXPECT_EQ(ollama->seen().unloads, 2u);
  ASSERT_EQ(loaded().size(), 1u);
  EXPECT_EQ(loaded()[0]["name"], "canned:latest");
}

TEST_F(a_scripted_ollama_with_limits, is_busy_where_its_queue_for_loads_is_full) {
  start([](auto& o) {
    o.max_queue = 1;
    o.load = 1h;
  });
  http_client loading{ollama->port()}, queued{ollama->port()};
  ASSERT_TRUE(loading.ask("POST", "/api/generate", body(json::object())));
  EXPECT_EQ(ollama->wait_for_in_flight(1), "");
  ASSERT_TRUE(queued.ask("POST", "/api/generate", body({{"model", "thinker"}})));
  EXPECT_EQ(ollama->wait_for_in_flight(2), "");
  const auto refused = ask();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(json::parse(refused.body)["error"],
            "server busy, please try again.  maximum pending requests exceeded");
}

TEST_F(a_scripted_ollama_with_limits, forgets_a_model_that_is_not_to_be_kept) {
  start([](auto& o) { o.keep_alive = runners::seconds{0}; });
  EXPECT_EQ(ask().status, 200);
  EXPECT_TRUE(loaded().empty());
  EXPECT_EQ(ask({{"keep_alive", -1}}).status, 200);
  ASSERT_EQ(loaded().size(), 1u);
  EXPECT_GE(loaded()[0]["expires_at"].get<std::string>(), "2200");
}

TEST_F(a_scripted_ollama_with_limits, renews_the_end_of_a_model_when_it_goes_idle) {
  start([](auto&) {});
  EXPECT_EQ(ask({{"keep_alive", "1h"}}).status, 200);
  const auto idle = loaded()[0]["expires_at"];
  script hanging;
  hanging.hang_after = 1;
  ollama->next(hanging);
  http_client busy{ollama->port()};
  ASSERT_TRUE(busy.ask("POST", "/api/generate", body({{"keep_alive", "9h"}})));
  EXPECT_EQ(busy.read_first_chunk().status, 200);
  EXPECT_EQ(loaded()[0]["expires_at"], idle);
  busy.close();
  EXPECT_EQ(ollama->wait_for_in_flight(0), "");
  EXPECT_GT(loaded()[0]["expires_at"], idle);
}

/// One whose prompts take time, and whose slots remember them.
class a_prompt_cache : public a_scripted_ollama_with_limits {
protected:
  void start_with(unsigned slots) {
    start([slots](auto& o) {
      o.parallel = slots;
      o.prefill_per_token = 1ms;
    });
  }
  /// Asks a chat of these contents, by turns the user's and the assistant's; tokens of
  /// the prompt that were cached.
  std::uint64_t cached(const std::vector<std::string>& contents) {
    json messages = json::array();
    for (const auto& c : contents)
      messages.push_back(
          {{"role", messages.size() % 2 ? "assistant" : "user"}, {"content", c}});
    const auto before = ollama->seen();
    const auto a = fetch(ollama->port(), "POST", "/api/chat",
                         json{{"model", "canned"},
                              {"stream", false},
                              {"messages", messages},
                              {"options", {{"script", {{"text", "An answer."}}}}}}
                             .dump());
    last = json::parse(a.body);
    const auto after = ollama->seen();
    EXPECT_EQ(last["prompt_eval_count"], after.prompt_tokens - before.prompt_tokens);
    return after.prompt_tokens_cached - before.prompt_tokens_cached;
  }
  std::int64_t evaluated_ms() const {
    return last["prompt_eval_duration"].get<std::int64_t>() / 1'000'000;
  }

  json last;
};

TEST_F(a_prompt_cache, evaluates_what_follows_the_last_prompt_and_answer) {
  start_with(1);
  // <|user|> one two <|end|> <|assistant|>
  EXPECT_EQ(cached({"one two"}), 0u);
  EXPECT_EQ(evaluated_ms(), 5);
  // These five and An answer. are known; <|end|> <|user|> three <|end|> <|assistant|>
  // new.
  EXPECT_EQ(cached({"one two", "An answer.", "three"}), 7u);
  EXPECT_EQ(last["prompt_eval_count"], 12);
  EXPECT_EQ(evaluated_ms(), 5);
  // Of what is known already the last token is evaluated again.
  EXPECT_EQ(cached({"one two", "An answer.", "three"}), 11u);
}

TEST_F(a_prompt_cache, keeps_as_many_conversations_as_there_are_slots) {
  // So long that one mark in common does not make them alike.
  const std::vector<std::string> one{"one two three four five six seven eight nine"};
  const std::vector<std::string> other{"red green blue white black grey pink brown teal"};
  start_with(1);
  EXPECT_EQ(cached(one), 0u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(cached(other), 1u);
    EXPECT_EQ(cached(one), 1u);
  }
  start_with(2);
  for (const auto wanted : {0u, 11u, 11u}) {
    EXPECT_EQ(cached(one), wanted);
    EXPECT_EQ(cached(other), wanted);
  }
}

TEST_F(a_prompt_cache, is_lost_with_its_loaded_model) {
  start_with(1);
  EXPECT_EQ(cached({"one two"}), 0u);
  EXPECT_EQ(cached({"one two"}), 4u);
  EXPECT_EQ(ask({{"prompt", ""}, {"keep_alive", 0}}).status, 200);
  EXPECT_EQ(cached({"one two"}), 0u);
}

} // namespace
} // namespace conductor::test
