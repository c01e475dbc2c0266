#include "adapters/cli/backends.hpp"
#include "adapters/cli/explain.hpp"
#include "adapters/cli/requests.hpp"
#include "tests/adapters/cli/conduct.hpp"
#include "tests/adapters/cli/peer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace conductor::cli {
namespace {

using nlohmann::json;

std::string line_of(const std::string& request) {
  return request.substr(0, request.find(" HTTP/1.1"));
}

std::string refused(const std::string& detail, const std::string& status) {
  return response(json{{"title", "x"}, {"detail", detail}}.dump(), status);
}

const auto two = json::parse(R"({"backends":[
  {"name":"gpu-1","url":"http://a:1","state":"up","in_flight":3,"relayed":1,"zombies":1,
   "loading":"qwen3:8b","runners":[
    {"model":"llama3.2:latest","loaded":true,"pinned":true,"places":4,
     "places_learned":true},
    {"model":"gemma3:4b","loaded":true,"pinned":false,"places":4,"places_learned":false},
    {"model":"qwen3:8b","loaded":false,"places":4},
    {"model":"phi4:latest","loaded":false,"pinned":false,"places":4}]},
  {"name":"gpu-2","url":"http://b:1","state":"down","error":"connection refused",
   "draining":true,"in_flight":0,"relayed":0,"zombies":0,"runners":[]}]})");

TEST(backends_text, tells_what_is_in_memory_and_how_many_answers_that_gives) {
  EXPECT_EQ(backends_text(two),
            "NAME     STATE             IN FLIGHT    PLACES    ZOMBIES    "
            "LOADED                                                     "
            "URL           ERROR                 \n"
            "gpu-1    up                3            ~8        1          "
            "llama3.2:latest (pinned), gemma3:4b, qwen3:8b (loading)    "
            "http://a:1                          \n"
            "gpu-2    down, draining    0            -         0          "
            "-                                                          "
            "http://b:1    connection refused    \n");
}

TEST(backends_text, has_no_column_of_errors_where_there_are_none) {
  auto well = two;
  well["backends"].erase(1);
  EXPECT_EQ(backends_text(well).find("ERROR"), std::string::npos);
  EXPECT_EQ(backends_text(json::object()), "no backends\n");
  EXPECT_NO_THROW(backends_text(json::parse(
      R"({"backends":[1,{"runners":[1,{"loaded":1}],"loading":2,"draining":3}]})")));
}

TEST(backends_command, prints_the_table_or_the_document) {
  peer node({response(two.dump())});
  EXPECT_EQ(conduct({"backends", "--host", node.host()}).out, backends_text(two));
  EXPECT_EQ(conduct({"backends", "--host", node.host(), "--json"}).out,
            two.dump() + "\n");
  EXPECT_EQ(line_of(node.requests().at(0)), "GET /conductor/v1/backends");
}

TEST(backends_add, says_whether_the_name_was_there) {
  const auto there = response(R"({"name":"b","url":"http://b:11434"})");
  peer none({refused("there is no backend b", "404 Not Found"), there});
  auto added = conduct({"backends", "add", "b", "b", "--host", none.host(), "--parallel",
                        "2", "--weight", "3", "--tier", "0", "--max-loaded", "4",
                        "--primary", "--probe-model", "m"});
  EXPECT_EQ(added.code, exit_ok) << added.err;
  EXPECT_EQ(added.out, "added 'b' at http://b:11434\n");
  EXPECT_EQ(line_of(none.requests().at(1)), "PUT /conductor/v1/backends/b");
  EXPECT_EQ(body_of(none.requests().at(1)),
            json::parse(R"({"url":"b","parallel":2,"weight":3,"tier":0,"max_loaded":4,
                            "primary":true,"probe_model":"m"})"));
  peer known({there});
  auto changed = conduct({"backends", "--host", known.host(), "add", "b", "b"});
  EXPECT_EQ(changed.out, "changed 'b' at http://b:11434\n");
  EXPECT_EQ(body_of(known.requests().at(1)), json({{"url", "b"}}));
}

TEST(backends_add, leaves_it_to_the_node_to_refuse_a_value) {
  peer node({refused("there is no backend b", "404 Not Found"),
             refused("weight: 1 to 1000 is allowed", "400 Bad Request")});
  auto o =
      conduct({"backends", "add", "b", "u", "--weight", "-1", "--host", node.host()});
  EXPECT_EQ(o.code, exit_error);
  EXPECT_EQ(o.err, "Error: weight: 1 to 1000 is allowed\n");
  EXPECT_EQ(body_of(node.requests().at(1))["weight"], -1);
}

TEST(backends_rm, removes_the_one_of_that_name_only) {
  peer node({response(R"({"removed":"a/b"})")});
  auto o = conduct({"backends", "rm", "a/b", "--host", node.host()});
  EXPECT_EQ(o.out, "removed 'a/b'\n");
  ASSERT_EQ(node.requests().size(), 1u) << "the list was not asked for";
  EXPECT_EQ(line_of(node.requests()[0]), "DELETE /conductor/v1/backends/a%2Fb");
}

TEST(drain_command, says_what_is_still_in_flight) {
  auto drained = [](const char* backend) {
    peer node({response(backend)});
    auto o = conduct({"drain", "a", "--host", node.host()});
    EXPECT_EQ(line_of(node.requests().at(0)), "POST /conductor/v1/backends/a/drain");
    return o.out;
  };
  EXPECT_EQ(drained(R"({"in_flight":0,"relayed":0})"),
            "drained 'a': it gets nothing new, and nothing is in flight there\n");
  EXPECT_EQ(drained(R"({"in_flight":1,"relayed":0})"),
            "drained 'a': it gets nothing new, and 1 request is still in flight there\n");
  EXPECT_EQ(
      drained(R"({"in_flight":1,"relayed":2})"),
      "drained 'a': it gets nothing new, and 3 requests are still in flight there\n");
}

TEST(undrain_command, lets_it_have_requests_again) {
  peer node({response("{}")});
  EXPECT_EQ(conduct({"undrain", "a", "--host", node.host()}).out,
            "undrained 'a': it gets requests again\n");
  EXPECT_EQ(line_of(node.requests().at(0)), "POST /conductor/v1/backends/a/undrain");
}

TEST(backend_commands, name_the_backends_that_there_are) {
  for (std::vector<std::string> words : {std::vector<std::string>{"drain", "x"},
                                         {"undrain", "x"},
                                         {"backends", "rm", "x"}}) {
    peer node({refused("there is no backend x", "404 Not Found"), response(two.dump())});
    words.insert(words.end(), {"--host", node.host()});
    auto o = conduct(words);
    EXPECT_EQ(o.code, exit_error);
    EXPECT_EQ(o.err, "Error: there is no backend x; there is: gpu-1, gpu-2\n");
  }
}

TEST(load_command, tells_the_node_all_that_it_was_told) {
  peer node({response(R"({"backends":["gpu-1"]})")});
  auto o = conduct({"load", "m", "--host", node.host(), "--backend", "gpu-1", "--options",
                    "num_ctx=8192", "--options", "use_mmap=false", "--keepalive", "5m"});
  EXPECT_EQ(o.code, exit_ok) << o.err;
  EXPECT_EQ(o.out, "loaded 'm' on gpu-1\n");
  EXPECT_EQ(line_of(node.requests().at(0)), "POST /conductor/v1/models/load");
  EXPECT_EQ(body_of(node.requests()[0]),
            json::parse(R"({"model":"m","backend":"gpu-1","keep_alive":"5m0s",
                            "options":{"num_ctx":8192,"use_mmap":false}})"));
}

TEST(load_command, fails_as_the_node_does) {
  peer node({refused("no backend that answers has the model m", "404 Not Found")});
  auto o = conduct({"load", "m", "--host", node.host()});
  EXPECT_EQ(o.code, exit_error);
  EXPECT_EQ(o.err, "Error: no backend that answers has the model m\n");
}

TEST(order_commands, say_what_was_done_where) {
  auto said = [](const char* verb, const char* backends) {
    peer node({response(R"({"backends":)" + std::string(backends) + "}")});
    auto out = conduct({verb, "m", "--host", node.host()}).out;
    EXPECT_EQ(line_of(node.requests().at(0)),
              std::string("POST /conductor/v1/models/") + verb);
    EXPECT_EQ(body_of(node.requests()[0]), json({{"model", "m"}}));
    return out;
  };
  EXPECT_EQ(said("unload", R"(["a","b","c"])"), "unloaded 'm' from a, b and c\n");
  EXPECT_EQ(said("pin", R"(["a","b"])"), "pinned 'm' on a and b\n");
  EXPECT_EQ(said("unpin", R"(["a"])"), "unpinned 'm' on a\n");
}

const auto decided = json::parse(R"({"id":"r1","decisions":[
  {"decided":"granted","model":"m:latest","backend":"gpu-1","waited_ms":1240,
   "candidates":[
    {"backend":"gpu-1","fit":"ready","why":"it has a place","answers":true,"loaded":true,
     "last_of_session":true,"gpu_share":0.5,"tier":0,"in_use":0.5,"wait_ms":0},
    {"backend":"gpu-2","fit":"load","why":"it has to load the model","answers":true,
     "loaded":false,"last_of_session":false,"gpu_share":1.0,"tier":1,"in_use":1.0,
     "wait_ms":8500},
    {"backend":"gpu-3","fit":"unfit","why":"it is drained","answers":false,
     "loaded":false,"last_of_session":false,"gpu_share":1.0,"tier":0,"in_use":1.0,
     "wait_ms":0}]},
  {"decided":"kept","model":"m:latest","backend":"gpu-1","waited_ms":0,"candidates":[]},
  {"decided":"no_backend","model":"","waited_ms":90000,"candidates":[]}]})");

TEST(explanation_text, has_a_sentence_for_each_decision_and_a_line_for_each_backend) {
  EXPECT_EQ(
      explanation_text(decided),
      "gpu-1 for the model m:latest, after a wait of 1.2 s\n"
      "BACKEND    FIT      WHY                         ANSWERS    LOADED    LAST    GPU  "
      "   TIER    IN USE    WAIT     \n"
      "gpu-1      ready    it has a place              yes        yes       yes     50%  "
      "   0       0.50      0 ms     \n"
      "gpu-2      load     it has to load the model    yes        no        no      100% "
      "   1       1         8.5 s    \n"
      "gpu-3      unfit    it is drained               no         no        no      100% "
      "   0       1         -        \n"
      "\n"
      "gpu-1 for the model m:latest, by the place that the request before left\n"
      "\n"
      "no backend: no_backend, after a wait of 1m30s\n");
  EXPECT_EQ(explanation_text(json::object()), "");
  EXPECT_NO_THROW(explanation_text(json::parse(
      R"({"decisions":[1,{"model":2,"candidates":[1,{"gpu_share":"x"}]}]})")));
}

TEST(explain_command, asks_for_the_request_of_that_id) {
  peer node({response(decided.dump())});
  EXPECT_EQ(conduct({"explain", "r 1", "--host", node.host()}).out,
            explanation_text(decided));
  EXPECT_EQ(conduct({"explain", "r 1", "--host", node.host(), "--json"}).out,
            decided.dump() + "\n");
  EXPECT_EQ(line_of(node.requests().at(0)), "GET /conductor/v1/requests/r%201");
}

const auto ended = json::parse(R"({"requests":[
  {"id":"r2","time":"2026-11-24T02:52:19.000Z","method":"POST","path":"/api/chat",
   "status":200,"outcome":"done","model":"m","backend":"gpu-1","class":"normal",
   "streams":true,"bytes":900,"usage":{"prompt_tokens":12,"completion_tokens":34},
   "seconds":2.5,"timing":{"queue":0.0004,"load":0,"first":0.25,"prefill":0.2,
   "decode":2.2,"relay":2.25}},
  {"id":"r1","time":"2026-11-24T02:51:20.000Z","method":"POST","path":"/api/pull",
   "status":0,"outcome":"cancelled","streams":true,"bytes":0,"seconds":0.5,
   "timing":{"queue":0,"load":0,"first":0,"prefill":0,"decode":0,"relay":0}}]})");

TEST(requests_table, has_a_line_for_each_request) {
  EXPECT_EQ(
      requests_table(ended, *parse_moment("2026-11-24T02:52:20Z")),
      "ID    READ                  MODEL             BACKEND    STATUS    OUTCOME      "
      "QUEUE     LOAD    FIRST       TOTAL       TOKENS    \n"
      "r2    1 second ago          m                 gpu-1      200       done         "
      "0.4 ms    -       250.0 ms    2.50 s      12/34     \n"
      "r1    About a minute ago    POST /api/pull    -          0         cancelled    "
      "-         -       -           500.0 ms    -         \n");
  EXPECT_NO_THROW(requests_table(json::parse(R"({"requests":[1,{"timing":2}]})"), {}));
}

TEST(requests_command, asks_for_what_is_wanted) {
  peer node({response(ended.dump())});
  EXPECT_EQ(conduct({"requests", "--outcome", "queue_full", "--model", "a b", "--limit",
                     "3", "--json", "--host", node.host()})
                .out,
            ended.dump() + "\n");
  EXPECT_EQ(line_of(node.requests().at(0)),
            "GET /conductor/v1/requests?limit=3&outcome=queue_full&model=a%20b");
  EXPECT_EQ(conduct({"requests", "--limit", "0"}).code, exit_usage);
}

TEST(fleet_commands, end_with_2_when_used_wrongly) {
  EXPECT_EQ(conduct({"backends", "add", "x"}).code, exit_usage);
  EXPECT_EQ(conduct({"backends", "add", "x", "u", "--weight", "much"}).code, exit_usage);
  EXPECT_EQ(conduct({"backends", "rm"}).code, exit_usage);
  EXPECT_EQ(conduct({"backends", "nonsense"}).code, exit_usage);
  EXPECT_EQ(conduct({"drain"}).code, exit_usage);
  EXPECT_EQ(conduct({"load", "m", "--options", "num_ctx"}).code, exit_usage);
  EXPECT_EQ(conduct({"load", "m", "--keepalive", "long"}).code, exit_usage);
  EXPECT_EQ(conduct({"pin", "m", "--options", "num_ctx=1"}).code, exit_usage);
  EXPECT_EQ(conduct({"explain"}).code, exit_usage);
}

} // namespace
} // namespace conductor::cli
