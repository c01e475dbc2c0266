#include "adapters/cli/failure.hpp"
#include "tests/adapters/cli/conduct.hpp"
#include "tests/adapters/cli/peer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace conductor::cli {
namespace {

const std::string answer =
    stream_of({"{\"response\":\"Hi\"}\n", "{\"response\":\"\",\"done\":true,"
                                          "\"eval_count\":3}\n"});

TEST(run_command, prints_the_answer_and_two_line_feeds) {
  peer node({answer});
  auto o = conduct({"run", "--host", node.host(), "m", "say", "hi", "--verbose"});
  EXPECT_EQ(o.code, exit_ok);
  EXPECT_EQ(o.out, "Hi\n\n");
  EXPECT_EQ(o.err, "eval count:           3 token(s)\n");
  ASSERT_EQ(node.requests().size(), 1u);
  EXPECT_TRUE(node.requests()[0].starts_with("POST /api/generate "));
}

TEST(run_command, takes_any_words_for_a_prompt) {
  peer node({answer});
  conduct({"run", "--host", node.host(), "m", "[a,b]", "list", "run", "--think", "",
           "x=1", "--", "--json"});
  auto body = body_of(node.requests().at(0));
  EXPECT_EQ(body["prompt"], "[a,b] list run  x=1 --json");
  EXPECT_EQ(body["think"], true);
}

TEST(run_command, loads_the_model_when_there_is_nothing_to_ask) {
  peer node({response(R"({"done":true,"done_reason":"load"})")});
  auto o = conduct({"run", "--host", node.host(), "m"});
  EXPECT_EQ(o.code, exit_ok);
  EXPECT_EQ(o.out, "");
}

TEST(run_command, fails_when_the_answer_does) {
  auto run = [](const std::string& bytes) {
    peer node({bytes});
    return conduct({"run", "--host", node.host(), "m", "x"});
  };
  auto broken =
      run(stream_of({"{\"response\":\"par\"}\n", "{\"error\":\"runner died\"}\n"}));
  EXPECT_EQ(broken.code, exit_error);
  EXPECT_EQ(broken.out, "par");
  EXPECT_EQ(broken.err, "Error: runner died\n");
  auto cut = run(stream_of({"{\"response\":\"par\",\"done\":false}\n"}));
  EXPECT_EQ(cut.code, exit_error);
  EXPECT_EQ(cut.err, "Error: the answer ended before it was complete\n");
  auto busy = run(response(R"({"error":"server busy"})", "503 Service Unavailable"));
  EXPECT_EQ(busy.code, exit_error);
  EXPECT_EQ(busy.err, "Error: server busy\n");
}

TEST(run_command, prints_the_vector_of_a_model_that_only_embeds) {
  peer node(
      {response(R"({"error":"\"e\" does not support generate"})", "400 Bad Request"),
       response(R"({"capabilities":["embedding"]})"),
       response(R"({"embeddings":[[0.5,-1]]})")});
  auto o = conduct({"run", "--host", node.host(), "e", "x"});
  EXPECT_EQ(o.out, "[0.5,-1]\n");
  EXPECT_EQ(o.code, exit_ok);
  EXPECT_EQ(body_of(node.requests().at(2))["input"], "x");
}

TEST(run_command, pulls_a_model_that_is_missing) {
  peer node(
      {response(R"({"error":"model 'm' not found"})", "404 Not Found"),
       stream_of({"{\"status\":\"pulling manifest\"}\n", "{\"status\":\"success\"}\n"}),
       answer});
  auto o = conduct({"run", "--host", node.host(), "m", "x"});
  EXPECT_EQ(o.out, "Hi\n\n");
  EXPECT_EQ(o.err, "pulling manifest\nsuccess\n");
}

TEST(run_command, shows_a_picture_that_the_prompt_mentions_to_a_model_that_sees) {
  auto path = std::filesystem::temp_directory_path() /
              ("conductor-cli-" + std::to_string(::getpid()) + ".png");
  std::ofstream(path, std::ios::binary) << "\x89PNG\r\n\x1a\n...";
  peer node({response(R"({"capabilities":["completion","vision"]})"), answer});
  auto o = conduct({"run", "--host", node.host(), "m", "what is", path.string()});
  std::filesystem::remove(path);
  EXPECT_EQ(o.err, "Added image '" + path.string() + "'\n");
  auto body = body_of(node.requests().at(1));
  EXPECT_EQ(body["prompt"], "what is");
  EXPECT_EQ(body["images"][0], "iVBORw0KGgouLi4=");
}

TEST(run_command, prints_raw_records_when_asked) {
  peer node({answer});
  auto o = conduct({"run", "--json", "--host", node.host(), "m", "x"});
  EXPECT_EQ(
      o.out,
      "{\"response\":\"Hi\"}\n{\"response\":\"\",\"done\":true,\"eval_count\":3}\n");
}

TEST(commands, end_with_2_when_used_wrongly) {
  EXPECT_EQ(conduct({"run"}).code, exit_usage);
  EXPECT_EQ(conduct({"run", "m", "x", "--think=hard"}).code, exit_usage);
  EXPECT_EQ(conduct({"run", "m", "x", "--nonsense"}).code, exit_usage);
  EXPECT_EQ(conduct({"list", "--host", "ftp://x"}).code, exit_usage);
  EXPECT_EQ(conduct({"show", "m", "--license", "--system"}).code, exit_usage);
  EXPECT_EQ(conduct({"cp", "a"}).code, exit_usage);
}

TEST(commands, say_when_no_node_answers) {
  auto o = conduct({"list", "--host", "unix:/nonexistent/c.sock"});
  EXPECT_EQ(o.code, exit_error);
  EXPECT_EQ(o.err,
            "Error: no Conductor node answers at unix:/nonexistent/c.sock (no such "
            "file or directory); start one with: conductor serve\n");
}

TEST(rm_command, unloads_before_it_deletes) {
  peer node({response("{}")});
  auto o = conduct({"rm", "--host", node.host(), "a"});
  EXPECT_EQ(o.out, "deleted 'a'\n");
  auto requests = node.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_TRUE(requests[0].starts_with("POST /api/show "));
  EXPECT_EQ(body_of(requests[1])["keep_alive"], 0);
  EXPECT_TRUE(requests[2].starts_with("DELETE /api/delete "));
  EXPECT_EQ(body_of(requests[2])["model"], "a");
}

TEST(stop_command, names_a_model_that_is_not_there) {
  peer node({response(R"({"error":"model 'a' not found"})", "404 Not Found")});
  auto o = conduct({"stop", "--host", node.host(), "a"});
  EXPECT_EQ(o.code, exit_error);
  EXPECT_EQ(o.err, "Error: couldn't find model \"a\" to stop\n");
}

TEST(pull_command, fails_when_its_stream_ends_early) {
  peer node({stream_of({"{\"status\":\"pulling manifest\"}\n"})});
  auto o = conduct({"pull", "--host", node.host(), "m"});
  EXPECT_EQ(o.code, exit_error);
  EXPECT_EQ(o.err,
            "pulling manifest\nError: the download of m ended before it was complete\n");
}

TEST(version_command, knows_its_own_without_a_node) {
  auto o = conduct({"version", "--host", "unix:/nonexistent/c.sock"});
  EXPECT_EQ(o.code, exit_ok);
  EXPECT_TRUE(o.out.starts_with("conductor version is ")) << o.out;
}

TEST(bench_command, refuses_to_compare_a_node_with_itself) {
  peer node({response("{}")});
  auto o = conduct({"bench", "m", "--host", node.host(), "--direct", node.host()});
  EXPECT_EQ(o.code, exit_usage);
  EXPECT_EQ(o.err,
            "Error: " + node.host() +
                " is a Conductor node; say where Ollama itself is with --direct\n");
}

} // namespace
} // namespace conductor::cli
