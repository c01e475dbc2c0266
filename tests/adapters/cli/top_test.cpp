#include "adapters/cli/top/snapshot.hpp"
#include "adapters/cli/top/top_view.hpp"

#include <gtest/gtest.h>

namespace conductor::cli {
namespace {

using nlohmann::json;
using kind = key::kind;

json overview(int pieces = 0) {
  return json::parse(R"({"topic":"overview","type":"overview",
    "status":{"version":"0.1.0","uptime_s":5,"listen":["127.0.0.1:1"]},
    "queue":{"waiting":[{"position":1,"id":"q1","class":"batch","flow":"user anna",
      "model":"m1","waited_ms":1500,"eta_ms":2000}]},
    "backends":{"backends":[{"name":"gpu-1","url":"http://h:1","state":"up","in_flight":1,
      "parallel":4,"latency_us":2000,"runners":[{"model":"m1","loaded":true,"running":1,
      "places":4}]},{"name":"gpu-2","url":"http://h:2","state":"down","error":"refused",
      "in_flight":0,"runners":[]}]},
    "generations":{"generations":[{"id":"g1","model":"m1","target":"/api/chat",
      "state":"running","backend":"gpu-1","session":"s1","age_ms":900,"pieces":)" +
                     std::to_string(pieces) + R"(,"first_ms":120}]},
    "sessions":{"sessions":[{"id":"s1","title":"Colours","model":"m1",
      "updated_at":"2026-01-01T00:00:00Z"}]},
    "gpus":{"gpus":[{"index":0,"name":"H100","state":"up","utilization":0.5,
      "memory_used_bytes":1000000000,"memory_total_bytes":4000000000}],
      "models":[{"backend":"gpu-1","model":"m1","size_bytes":1000,"gpu_ratio":0.75}]},
    "requests":{"requests":[
      {"id":"r1","time":"2026-01-01T00:00:00Z","path":"/api/chat","method":"POST",
       "model":"m1","status":200,"outcome":"done","seconds":1,
       "usage":{"completion_tokens":9},"timing":{"first":0.2}},
      {"id":"r2","time":"2026-01-01T00:00:01Z","path":"/api/chat","method":"POST",
       "model":"m2","status":503,"outcome":"queue_full","seconds":1,"timing":{}}]}})");
}

struct live : testing::Test {
  node_state node;
  std::vector<std::string> log;
  top_view view{{[this] { log.push_back("quit"); }, [] {}, [] {},
                 [this](topic, const std::string& id) { log.push_back("open " + id); },
                 [this](const std::string& id) { log.push_back("cancel " + id); },
                 [this](const std::string& id) { log.push_back("cancel turn " + id); },
                 [this](const std::string& b, bool drains) {
                   log.push_back((drains ? "drain " : "undrain ") + b);
                 },
                 [this](const std::string& m, const std::string& b) {
                   log.push_back("load " + m + " " + b);
                 },
                 [this](const std::string& m, const std::string& b) {
                   log.push_back("unload " + m + " " + b);
                 },
                 [] {}}};

  void SetUp() override { node.take(overview(), 10); }
  std::string shown(std::size_t columns = 100, std::size_t rows = 50) {
    std::optional<cursor> at;
    return plain(view.frame(node, moment{}, columns, rows, at));
  }
  void type(std::string_view text) {
    for (char c : text) {
      shown();
      view.press({kind::text, std::string(1, c)}, node);
    }
  }
};

TEST_F(live, rates_come_from_two_states) {
  EXPECT_EQ(node.rate("g1"), 0);
  node.take(overview(30), 12);
  EXPECT_DOUBLE_EQ(node.rate("g1"), 15);
  EXPECT_DOUBLE_EQ(node.rate(), 15);
}

TEST_F(live, an_answer_that_is_taken_up_in_the_middle_has_no_rate_yet) {
  node_state fresh;
  fresh.take(overview(5'000), 1'000);
  EXPECT_EQ(fresh.rate(), 0);
}

TEST_F(live, first_tokens_and_failures_are_of_the_last_requests) {
  EXPECT_EQ(node.first().count, 1u);
  EXPECT_DOUBLE_EQ(node.first().p99, 0.2);
  EXPECT_EQ(node.failures(), 1u);
}

TEST_F(live, every_table_has_its_rows) {
  auto seen = shown();
  for (const char* text : {"m1", "Colours", "user anna", "gpu-1", "75% GPU", "refused",
                           "H100", "1 GB/4 GB", "queue_full", "1/2 up"})
    EXPECT_NE(seen.find(text), std::string::npos) << text << "\n" << seen;
}

TEST_F(live, the_snapshot_is_text_with_all_of_it) {
  auto text = snapshot_text(node, moment{});
  for (const char* part : {"ANSWERS", "QUEUE", "BACKENDS", "GPUS", "SESSIONS", "RECENT",
                           "http://h:2", "refused", "r2"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST_F(live, an_answer_is_cancelled_after_a_question) {
  type("1c");
  EXPECT_TRUE(log.empty());
  type("y");
  EXPECT_EQ(log, std::vector<std::string>{"cancel g1"});
  type("cn");
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(live, what_waits_can_be_cancelled_too) {
  type("2cy");
  EXPECT_EQ(log, std::vector<std::string>{"cancel q1"});
}

TEST_F(live, a_server_is_drained_and_its_model_unloaded) {
  type("3dy");
  type("juy");
  EXPECT_EQ(log, (std::vector<std::string>{"drain gpu-1", "unload m1 gpu-1"}));
}

TEST_F(live, a_model_is_loaded_where_the_row_says) {
  view.offer({"m1", "m2"});
  type("3jj"); // gpu-2
  type("lm2");
  view.press({kind::enter}, node);
  type("y");
  EXPECT_EQ(log, std::vector<std::string>{"load m2 gpu-2"});
}

TEST_F(live, the_choice_stays_with_what_it_stands_for) {
  type("6j"); // r2
  auto more = overview();
  auto& all = more["requests"]["requests"];
  all.insert(all.begin(), all[0]);
  all[0]["id"] = "r0";
  node.take(more, 11);
  shown();
  view.press({kind::enter}, node);
  EXPECT_EQ(log, std::vector<std::string>{"open r2"});
}

TEST_F(live, a_filter_leaves_only_rows_that_hold_it) {
  type("/anna");
  view.press({kind::enter}, node);
  EXPECT_NE(shown().find("QUEUE 1"), std::string::npos);
  EXPECT_NE(shown().find("SESSIONS 0"), std::string::npos);
  view.press({kind::escape}, node);
  EXPECT_NE(shown().find("SESSIONS 1"), std::string::npos);
}

TEST_F(live, failures_alone_can_be_shown) {
  type("e");
  EXPECT_NE(shown().find("FAILED 1"), std::string::npos);
}

TEST_F(live, sorting_goes_through_the_columns_and_turns_around) {
  type("6s"); // READ
  auto up = shown();
  EXPECT_LT(up.find("m1  "), up.rfind("m2  "));
  type("S");
  view.press({kind::home}, node);
  shown();
  view.press({kind::enter}, node);
  EXPECT_EQ(log, std::vector<std::string>{"open r2"});
}

TEST_F(live, a_node_that_is_away_is_said_so_at_every_size) {
  node.lose("connection refused");
  for (auto [columns, rows] : {std::pair{100, 50}, {80, 24}, {40, 10}, {20, 2}})
    EXPECT_NE(shown(static_cast<std::size_t>(columns), static_cast<std::size_t>(rows))
                  .find("AWAY"),
              std::string::npos)
        << columns;
}

TEST_F(live, every_size_is_filled_and_not_passed) {
  for (std::size_t columns : {1u, 12u, 40u, 80u, 200u})
    for (std::size_t rows : {1u, 2u, 3u, 10u, 16u, 24u, 60u}) {
      std::optional<cursor> at;
      auto frame = view.frame(node, moment{}, columns, rows, at);
      EXPECT_EQ(frame.size(), rows) << columns << "x" << rows;
      for (const auto& row : frame)
        EXPECT_LE(width_of(row), columns) << columns << "x" << rows << plain(row);
    }
}

TEST(node_state, bears_what_is_no_state) {
  node_state node;
  for (const char* text :
       {"{}", R"({"status":null,"queue":7,"backends":[1],"gpus":{"gpus":5}})",
        R"({"generations":{"generations":[null,{"id":1}]}})"}) {
    node.take(json::parse(text), 1);
    EXPECT_FALSE(snapshot_text(node, moment{}).empty());
  }
}

} // namespace
} // namespace conductor::cli
