#include "tests/support/ollama/sha256.hpp"
#include "tests/world/world_fixture.hpp"

namespace conductor::test {
namespace {

using json = nlohmann::json;
using namespace std::chrono_literals;

/// A node before two scripted Ollamas, `one` and `two`.
class a_node_with_two : public a_node {
protected:
  void start_both(unsigned parallel = 2) {
    add_backend("one", ollama.port()).parallel = parallel;
    add_backend("two", other.port()).parallel = parallel;
    start();
    for (const std::size_t i : {0, 1})
      until([&] { return status()["backends"][i]["state"] == "up"; });
  }

  template <class Condition>
  static void until(Condition true_at_last) {
    const auto late = std::chrono::steady_clock::now() + 10s;
    while (!true_at_last() && std::chrono::steady_clock::now() < late)
      std::this_thread::yield();
    EXPECT_TRUE(true_at_last());
  }
  static canned_model model(std::string name) {
    canned_model m;
    m.name = std::move(name);
    return m;
  }
  static std::uint64_t loads_of(const scripted_ollama& o) { return o.seen().loads; }

  json names(const std::string& target, const char* list, const char* name) {
    json all = json::array();
    const auto body = json::parse(ask("GET", target).body);
    for (const auto& m : body[list])
      all.push_back(m[name]);
    return all;
  }

  scripted_ollama other;
};

// Clients see one Ollama: each model once, whoever has it.
TEST_F(a_node_with_two, shows_the_models_of_all_as_one_list) {
  other.models().add(model("rare:latest"));
  start_both();
  const auto tags = names("/api/tags", "models", "name");
  EXPECT_EQ(std::count(tags.begin(), tags.end(), "canned:latest"), 1);
  EXPECT_EQ(std::count(tags.begin(), tags.end(), "rare:latest"), 1);
  const auto openai = names("/v1/models", "data", "id");
  EXPECT_EQ(openai.size(), tags.size());
  EXPECT_EQ(ask("GET", "/v1/models/rare").status, 200);
  EXPECT_EQ(ask("GET", "/v1/models/none").status, 404);
  EXPECT_EQ(ask("POST", "/api/generate", R"({"model":"rare","prompt":"x"})")
                .headers.at("x-conductor-backend"),
            "two");
  EXPECT_EQ(ask("POST", "/api/show", R"({"model":"rare"})").status, 200);
  EXPECT_EQ(names("/api/ps", "models", "name"), json::array({"rare:latest"}));
  EXPECT_EQ(names("/api/p%73", "models", "name"), json::array({"rare:latest"}));
  EXPECT_EQ(names("/api/tags", "models", "name").size(), tags.size());
  const auto pinned = ask("GET", "/api/tags", {}, "X-Conductor-Backend: one\r\n");
  EXPECT_EQ(pinned.body, direct("GET", "/api/tags").body);
}

// A model that was just made is listed at once, and made where the primary is.
TEST_F(a_node_with_two, changes_models_at_the_primary_one) {
  add_backend("one", ollama.port());
  add_backend("two", other.port()).primary = true;
  start();
  until([&] { return status()["backends"][1]["state"] == "up"; });
  const auto made =
      ask("POST", "/api/copy", R"({"source":"canned","destination":"mine"})");
  EXPECT_EQ(made.status, 200) << made.body;
  EXPECT_TRUE(other.models().find("mine"));
  EXPECT_FALSE(ollama.models().find("mine"));
  const auto tags = names("/api/tags", "models", "name");
  EXPECT_EQ(std::count(tags.begin(), tags.end(), "mine:latest"), 1);
  EXPECT_EQ(ask("DELETE", "/api/delete", R"({"model":"mine"})").status, 200);
  const auto after = names("/api/tags", "models", "name");
  EXPECT_EQ(std::count(after.begin(), after.end(), "mine:latest"), 0);
}

// What was uploaded to one backend is made a model there.
TEST_F(a_node_with_two, sends_a_create_after_its_blobs) {
  start_both();
  const std::string content = "weights of a model";
  sha256 sum;
  sum.add(content);
  const auto digest = "sha256:" + sum.hex();
  const auto sent =
      ask("POST", "/api/blobs/" + digest, content, "X-Conductor-Backend: two\r\n");
  EXPECT_EQ(sent.status, 201) << sent.body;
  const auto made =
      ask("POST", "/api/create",
          R"({"model":"made","stream":false,"files":{"m.gguf":")" + digest + "\"}}");
  EXPECT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.headers.at("x-conductor-backend"), "two");
}

// The client that caused a load leaves; the others get their answers from that load.
TEST_F(a_node_with_two, finishes_a_load_that_nobody_of_those_who_began_it_waits_for) {
  script slow;
  slow.load = 600ms;
  ollama.always("load", slow);
  add_backend("one", ollama.port()).parallel = 2;
  start();
  until([&] { return status()["backends"][0]["state"] == "up"; });
  http_client impatient{port}, patient{port};
  impatient.ask("POST", "/api/generate", generate());
  until([&] { return loads_of(ollama) == 1; });
  EXPECT_EQ(status()["backends"][0]["loading"], "canned:latest");
  patient.ask("POST", "/api/generate", generate());
  impatient.close();
  EXPECT_EQ(text_of(patient.read_answer().body), canned_text());
  EXPECT_EQ(loads_of(ollama), 1u);
  EXPECT_EQ(ollama.seen().load_aborts, 0u);
}

TEST_F(a_node_with_two, tells_a_load_that_failed_in_ollamas_words) {
  script broken;
  broken.load_error = "llama-server process has terminated: out of memory";
  ollama.always("load", broken);
  add_backend("one", ollama.port());
  start();
  until([&] { return status()["backends"][0]["state"] == "up"; });
  const auto a = ask("POST", "/api/generate", generate());
  EXPECT_EQ(a.status, 500);
  EXPECT_EQ(json::parse(a.body)["error"], broken.load_error);
}

// Two clients with different num_ctx thrash where their options pass, and not where the
// larger one counts.
TEST_F(a_node_with_two, does_not_reload_for_every_client_where_options_are_raised) {
  model_settings raised;
  raised.name = "canned";
  raised.options = option_policy::raise;
  values.models = {raised};
  add_backend("one", ollama.port()).parallel = 2;
  start();
  until([&] { return status()["backends"][0]["state"] == "up"; });
  const auto with = [&](int tokens) {
    return ask("POST", "/api/generate",
               R"({"model":"canned","prompt":"x","options":{"num_ctx":)" +
                   std::to_string(tokens) + "}}");
  };
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(with(2048).status, 200);
    EXPECT_EQ(with(8192).status, 200);
  }
  EXPECT_EQ(loads_of(ollama), 2u) << "2048, then 8192 for good";
  const auto seen = last_request("/api/generate");
  EXPECT_EQ(json::parse(seen.body)["options"]["num_ctx"], 8192);
}

// OpenAI's clients cannot say num_ctx: a derived model says it, under the name they know.
TEST_F(a_node_with_two, gives_openai_clients_a_context_by_a_derived_model) {
  model_settings derived;
  derived.name = "canned";
  derived.num_ctx = 8192;
  derived.derive = true;
  values.models = {derived};
  add_backend("one", ollama.port()).parallel = 2;
  start();
  until([&] { return status()["backends"][0]["state"] == "up"; });
  for (const auto* stream : {"true", "false"}) {
    const auto a = ask("POST", "/v1/chat/completions",
                       R"({"model":"canned","stream":)" + std::string{stream} +
                           R"(,"messages":[{"role":"user","content":"x"}]})");
    EXPECT_EQ(a.status, 200) << a.body;
    EXPECT_NE(a.body.find(R"("model":"canned")"), std::string::npos) << a.body;
    EXPECT_EQ(a.body.find("canned-ctx8192"), std::string::npos) << a.body;
  }
  EXPECT_EQ(json::parse(last_request("/v1/chat/completions").body)["model"],
            "canned-ctx8192:latest");
  EXPECT_TRUE(ollama.models().find("canned-ctx8192"));
}

TEST_F(a_node_with_two, loads_unloads_and_pins_models_by_name) {
  start_both();
  const auto order = [&](const std::string& verb, const std::string& body) {
    return ask("POST", "/conductor/v1/models/" + verb, body);
  };
  const auto loaded = order("load", R"({"model":"canned","backend":"two"})");
  EXPECT_EQ(loaded.status, 200) << loaded.body;
  EXPECT_EQ(json::parse(loaded.body)["backends"], json::array({"two"}));
  EXPECT_EQ(names("/api/ps", "models", "name"), json::array({"canned:latest"}));
  EXPECT_EQ(order("unload", R"({"model":"canned"})").status, 200);
  EXPECT_TRUE(names("/api/ps", "models", "name").empty());
  EXPECT_EQ(order("unload", R"({"model":"canned"})").status, 404);
  EXPECT_EQ(order("load", R"({"model":"none"})").status, 404);
  EXPECT_EQ(order("load", R"({})").status, 400);
  EXPECT_EQ(order("load", R"({"model":"canned","options":{"temperature":1}})").status,
            400);
  EXPECT_EQ(order("pin", R"({"model":"canned","backend":"one"})").status, 200);
  until([&] { return loads_of(ollama) == 1; });
}

TEST_F(a_node_with_two, takes_backends_in_and_lets_them_go_while_it_runs) {
  add_backend("one", ollama.port());
  start();
  const std::string at = "/conductor/v1/backends/two";
  EXPECT_EQ(ask("PUT", at, R"({"url":"ftp://x"})").status, 400);
  EXPECT_EQ(ask("PUT", at, R"({"url":"http://127.0.0.1:1","speed":1})").status, 400);
  const auto put = ask("PUT", at, R"({"url":")" + other.url() + R"(","parallel":2})");
  EXPECT_EQ(put.status, 200) << put.body;
  until([&] {
    return status()["backends"].size() == 2 && status()["backends"][1]["state"] == "up";
  });
  const auto pin = "X-Conductor-Backend: two\r\n";
  http_client runs{port};
  runs.ask("POST", "/api/generate", generate(R"({"records":60,"gap_ms":10})"), pin);
  EXPECT_EQ(other.wait_for_open_streams(1), "");
  EXPECT_EQ(ask("POST", at + "/drain").status, 200);
  EXPECT_EQ(ask("POST", "/api/generate", generate(), pin).status, 503);
  EXPECT_EQ(ask("POST", at + "/undrain").status, 200);
  EXPECT_EQ(ask("POST", "/api/generate", generate(), pin).status, 200);
  EXPECT_EQ(ask("DELETE", at).status, 200);
  EXPECT_EQ(ask("DELETE", at).status, 404);
  EXPECT_EQ(ask("POST", "/api/generate", generate(), pin).status, 400);
  EXPECT_TRUE(runs.read_answer().whole) << "what runs is not touched";
}

TEST_F(a_node_with_two, explains_where_a_request_went) {
  start_both();
  ask("POST", "/api/generate", generate(), "X-Request-Id: why\r\n");
  const auto a = ask("GET", "/conductor/v1/requests/why");
  ASSERT_EQ(a.status, 200) << a.body;
  const auto last = json::parse(a.body)["decisions"].back();
  EXPECT_EQ(last["backend"], "one");
  EXPECT_EQ(last["candidates"].size(), 2u);
  EXPECT_EQ(ask("GET", "/conductor/v1/requests/other").status, 404);
}

// An answer whose backend dies inside it goes on at its equal, where that is wanted.
TEST_F(a_node_with_two, goes_on_with_an_answer_at_an_equal_backend) {
  values.stream.continue_elsewhere = true;
  start_both();
  script dies;
  dies.die_after = 3;
  ollama.next(dies);
  const auto made = ask("POST", "/conductor/v1/sessions", R"({"model":"canned"})");
  const auto path =
      "/conductor/v1/sessions/" + json::parse(made.body)["id"].get<std::string>();
  const auto events = ask("POST", path + "/messages", R"({"content":"hello"})").body;
  std::string text, order;
  for (const auto& line : lines_of(events)) {
    const auto e = json::parse(line);
    if (e["type"] == "delta")
      text += e["text"].get<std::string>();
    else
      order += e["type"].get<std::string>() + " ";
    if (e["type"] == "continued") {
      EXPECT_EQ(e["backend"], "two");
    }
  }
  EXPECT_EQ(order, "message started continued done ") << events;
  EXPECT_EQ(text, canned_text());
  const auto message = json::parse(ask("GET", path).body)["messages"].back();
  EXPECT_EQ(message["state"], "done");
  EXPECT_EQ(message["content"], canned_text());
}

TEST_F(a_node_with_two, tells_the_loss_where_going_on_is_not_wanted) {
  start_both();
  script dies;
  dies.die_after = 3;
  ollama.next(dies);
  const auto made = ask("POST", "/conductor/v1/sessions", R"({"model":"canned"})");
  const auto events =
      ask("POST",
          "/conductor/v1/sessions/" + json::parse(made.body)["id"].get<std::string>() +
              "/messages",
          R"({"content":"hello"})")
          .body;
  EXPECT_EQ(json::parse(lines_of(events).back())["type"], "error");
}

// Who waits for long is told so, where that is configured; the rest comes as ever.
TEST_F(a_node, tells_drop_in_streams_that_they_wait) {
  values.stream.keep_alive = 50ms;
  start();
  struct {
    const char* path;
    const char* body;
    const char* waits;
  } cases[] = {
      {"/api/generate", R"({"model":"canned","prompt":"x"})",
       R"("response":"","done":false)"},
      {"/api/chat", R"({"model":"canned","messages":[{"role":"user","content":"x"}]})",
       R"("message":{"role":"assistant","content":""},"done":false)"},
      {"/v1/chat/completions",
       R"({"model":"canned","stream":true,"messages":[{"role":"user","content":"x"}]})",
       ": waiting\n\n"},
  };
  for (const auto& c : cases) {
    const auto a =
        ask("POST", c.path, c.body, "X-Script: {\"first_ms\":400,\"records\":3}\r\n");
    EXPECT_EQ(a.status, 200);
    EXPECT_TRUE(a.whole) << c.path << a.problem;
    EXPECT_NE(a.body.find(c.waits), std::string::npos) << c.path << a.body;
    const auto quick = ask("POST", c.path, c.body, "X-Script: {\"records\":3}\r\n");
    EXPECT_EQ(quick.body.find(": waiting"), std::string::npos);
    const auto failed = ask("POST", c.path, c.body,
                            "X-Script: {\"first_ms\":200,\"status\":400,"
                            "\"error_text\":\"no such thing\"}\r\n");
    EXPECT_NE(failed.body.find("no such thing"), std::string::npos) << failed.body;
  }
}

} // namespace
} // namespace conductor::test
