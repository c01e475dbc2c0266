#include "tests/support/nvml/stub_facts.hpp"
#include "tests/world/a_talk.hpp"
#include "tests/world/world_fixture.hpp"

#include <array>
#include <cstdio>

namespace conductor::test {
namespace {

using json = nlohmann::json;
using namespace std::chrono_literals;

/// A node on a machine with the GPUs that the stub of NVML tells of.
class a_node_with_gpus : public a_node {
protected:
  a_node_with_gpus() {
    values.gpu.probe = gpu_probe_kind::nvml;
    values.gpu.library = NVML_STUB_LIBRARY;
    values.gpu.interval = 100ms;
    values.gpu.idle_interval = 100ms;
  }
  json gpus(const std::string& query = "") {
    return json::parse(ask("GET", "/conductor/v1/gpus" + query).body);
  }
  /// What is told, once that is so.
  template <class Ask, class Condition>
  static auto told(Ask ask, Condition is_so) {
    const auto late = std::chrono::steady_clock::now() + 20s;
    for (;;) {
      auto last = ask();
      if (is_so(last))
        return last;
      if (std::chrono::steady_clock::now() >= late) {
        ADD_FAILURE() << "it never came to be so: " << last;
        return last;
      }
      std::this_thread::yield();
    }
  }
  /// What /gpus tells once that is so.
  template <class Condition>
  json once(Condition is_so) {
    return told([&] { return gpus(); }, is_so);
  }
  static bool seen(const json& now) { return !now["gpus"].empty(); }
  /// The series, once one is told so; the observer that counts hears of a look by itself.
  std::string metrics_with(const std::string& line) {
    SCOPED_TRACE(line);
    return told([&] { return ask("GET", "/metrics").body; },
                [&](const std::string& all) {
                  return all.find("\n" + line + "\n") != std::string::npos;
                });
  }

  std::string command(const std::string& words) {
    const auto line = std::string{CONDUCTOR_PROGRAM} + " " + words +
                      " --host 127.0.0.1:" + std::to_string(port) + " 2>&1";
    std::string out;
    auto* pipe = ::popen(line.c_str(), "r");
    std::array<char, 4096> space{};
    while (const auto n = std::fread(space.data(), 1, space.size(), pipe))
      out.append(space.data(), n);
    exit_code = ::pclose(pipe);
    return out;
  }

  stub_facts said{"devices 2\n0.name NVIDIA H100\n0.busy 93\n0.memory_used 38000000000\n"
                  "0.memory_total 80000000000\n0.processes 77 38000000000 -1\n"
                  "program.77 /usr/lib/ollama/llama-server\n1.name NVIDIA H100\n"};
  int exit_code = 0;
};

TEST_F(a_node_with_gpus, tells_of_them_in_every_way) {
  start();
  const auto now = once(seen);
  EXPECT_EQ(now["probe"], "nvml");
  EXPECT_EQ(now["driver"], "550.54.15");
  ASSERT_EQ(now["gpus"].size(), 2u);
  EXPECT_EQ(now["gpus"][0]["utilization"], 0.93);
  EXPECT_EQ(now["gpus"][0]["processes"][0]["ollama"], true);
  EXPECT_EQ(gpus("?history=1")["history"][0]["utilization"][0], 0.93);
  EXPECT_EQ(ask("GET", "/conductor/v1/gpus?history=x").status, 400);
  EXPECT_EQ(ask("POST", "/conductor/v1/gpus").status, 405);

  const auto metrics = metrics_with("conductor_gpu_utilization_ratio{gpu=\"0\"} 0.93");
  for (const std::string line :
       {"conductor_gpu_memory_used_bytes{gpu=\"0\"} 38000000000",
        "conductor_gpu_process_memory_bytes{gpu=\"0\",process=\"llama-server\"} "
        "38000000000",
        "conductor_gpu_up{gpu=\"1\"} 1"})
    EXPECT_NE(metrics.find("\n" + line + "\n"), std::string::npos) << line;
  EXPECT_NE(metrics.find("uuid=\"GPU-stub-0\",driver=\"550.54.15\",backend=\"one\"} 1"),
            std::string::npos)
      << metrics;

  const auto shown = command("gpu");
  EXPECT_EQ(exit_code, 0);
  EXPECT_NE(shown.find("NVIDIA H100"), std::string::npos) << shown;
  EXPECT_NE(shown.find("38 GB of 80 GB"), std::string::npos) << shown;
  EXPECT_NE(shown.find("/usr/lib/ollama/llama-server"), std::string::npos) << shown;
  EXPECT_EQ(json::parse(command("gpu --json"))["gpus"].size(), 2u);
}

// One falls off the bus while the node runs; the other is looked at as before.
TEST_F(a_node_with_gpus, goes_on_with_the_one_that_is_left) {
  start();
  once(seen);
  said.say("devices 2\n0.busy 12\n1.fail.nvmlDeviceGetTemperature 15\n");
  const auto now = once([](const json& j) { return j["gpus"][1]["state"] == "lost"; });
  EXPECT_EQ(now["gpus"][0]["utilization"], 0.12);
  EXPECT_EQ(now["gpus"][1]["name"], "NVIDIA H100");
  const auto metrics = metrics_with("conductor_gpu_up{gpu=\"1\"} 0");
  EXPECT_NE(metrics.find("conductor_gpu_up{gpu=\"0\"} 1"), std::string::npos);
}

// The driver hangs in the middle of a stream: that stream, others and the node's own
// answers come to their end before the driver does.
TEST_F(a_node_with_gpus, serves_while_the_driver_hangs) {
  start();
  once(seen);
  http_client reader{port};
  reader.ask("POST", "/api/generate", generate(R"({"records":50,"gap_ms":2})"));
  auto text = reader.read_first_chunk().body;
  EXPECT_FALSE(text.empty());
  said.say("devices 2\nhang nvmlDeviceGetUtilizationRates\n");
  const auto hung = once([](const json& j) { return j["stale"] == true; });
  EXPECT_EQ(hung["gpus"][0]["utilization"], 0.93) << "the last sample is kept";
  for (auto more = reader.read_chunk(); !more.empty(); more = reader.read_chunk())
    text += more;
  EXPECT_EQ(lines_of(text).size(), 51u);
  EXPECT_EQ(text_of(ask("POST", "/api/generate", generate()).body), canned_text());
  metrics_with("conductor_gpu_up{gpu=\"0\"} 0");
  EXPECT_NE(command("gpu").find("The GPU driver does not answer"), std::string::npos);
  said.say("devices 2\n0.busy 1\n");
  const auto again = once([](const json& j) { return j["stale"] == false; });
  EXPECT_EQ(again["gpus"][0]["utilization"], 0.01);
}

TEST_F(a_node_with_gpus, stops_though_the_driver_hangs) {
  start();
  once(seen);
  said.say("hang nvmlDeviceGetCount_v2\n");
  once([](const json& j) { return j["stale"] == true; });
  expect_no_leases();
  begin_stop();
  stopped();
  EXPECT_FALSE(subject);
}

// Followed over a WebSocket: reports, and a model that comes to lie on the CPU.
TEST_F(a_node_with_gpus, tell_who_follows_them_of_each_look_and_of_models_that_spill) {
  canned_model large;
  large.name = "large:latest";
  large.on_gpu = large.size / 4;
  ollama.models().add(large);
  start();
  once(seen);
  a_talk talk{port};
  talk.say({{"op", "subscribe"}, {"ref", "1"}, {"topic", "gpus"}});
  EXPECT_EQ(talk.hear(), json({{"type", "ack"}, {"ref", "1"}, {"topic", "gpus"}}));
  const auto first = talk.hear("gpu");
  EXPECT_EQ(first["topic"], "gpus");
  EXPECT_EQ(first["gpus"].size(), 2u);

  ask("POST", "/api/generate", R"({"model":"large","prompt":"x","stream":false})");
  const auto spilled = talk.hear("placement");
  EXPECT_EQ(spilled["model"], "large:latest");
  EXPECT_EQ(spilled["backend"], "one");
  EXPECT_EQ(spilled["gpu_ratio"], 0.25);
  EXPECT_EQ(talk.hear("gpu")["models"][0]["gpu_ratio"], 0.25);
  EXPECT_EQ(gpus()["models"][0]["model"], "large:latest");
  metrics_with("conductor_model_gpu_ratio{backend=\"one\",model=\"large:latest\"} 0.25");
  EXPECT_NE(command("gpu").find("75%/25% CPU/GPU"), std::string::npos);

  talk.say({{"op", "unsubscribe"}, {"ref", "2"}, {"topic", "gpus"}});
  std::vector<json> before;
  EXPECT_EQ(talk.hear("ack", &before)["ref"], "2");
  for (const auto& e : before)
    EXPECT_EQ(e["type"], "gpu") << "told once, not with each look";
  for (const std::string wrong :
       {R"({"op":"unsubscribe","ref":"3","topic":"gpus"})",
        R"({"op":"subscribe","ref":"3","topic":"weather"})",
        R"({"op":"send","ref":"3","topic":"gpus"})",
        R"({"op":"subscribe","ref":"3","topic":"gpus","from":1})"}) {
    talk.say(json::parse(wrong));
    const auto e = talk.hear();
    EXPECT_EQ(e["type"], "error") << wrong;
    EXPECT_EQ(e["code"], "bad_request") << wrong;
  }
}

TEST_F(a_node_with_gpus, is_told_apart_from_one_without) {
  said.say("fail.nvmlInit_v2 9\n");
  start();
  const auto now = once([](const json& j) { return j.contains("problem"); });
  EXPECT_EQ(now["probe"], "none");
  EXPECT_EQ(now["problem"], "NVML: Driver Not Loaded");
  EXPECT_EQ(command("gpu"),
            "No GPU is seen on the node's machine: NVML: Driver Not Loaded.\n");
  EXPECT_EQ(exit_code, 0);
  EXPECT_EQ(ask("GET", "/metrics").body.find("conductor_gpu_"), std::string::npos);
}

} // namespace
} // namespace conductor::test
