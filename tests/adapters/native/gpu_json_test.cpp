#include "adapters/native/gpu_json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace conductor::test {
namespace {

using json = nlohmann::ordered_json;

TEST(gpu_json, tells_what_is_known_and_leaves_out_the_rest) {
  gpu_device d;
  d.index = 1;
  d.name = "Card";
  d.uuid = "GPU-1";
  d.utilization = 0.93;
  d.memory_used = 1000;
  d.power = 412.5;
  d.throttled = {"sw_power_cap"};
  d.processes = {{77, "/usr/lib/ollama/llama-server", 1000, 7, true}};
  d.partitions = {{0, 7, "MIG 1g", "MIG-0", 10, 40}};
  auto s = std::make_shared<gpu_sample>();
  s->time = 1'764'115'200'000;
  s->probe = "nvml";
  s->driver = "550.54.15";
  s->devices = {d};
  gpu_report r;
  r.last = s;
  r.models = {{"one", "m:latest", 400, 100}};
  EXPECT_EQ(to_json(r),
            json::parse(
                R"({"time":"2025-11-26T00:00:00.000Z","probe":"nvml","driver":"550.54.15",
              "stale":false,
              "gpus":[{"index":1,"name":"Card","uuid":"GPU-1","state":"up",
                "utilization":0.93,"memory_used_bytes":1000,"power_w":412.5,
                "throttled":["sw_power_cap"],
                "processes":[{"pid":77,"name":"/usr/lib/ollama/llama-server",
                  "memory_bytes":1000,"instance":7,"ollama":true}],
                "partitions":[{"index":0,"instance":7,"name":"MIG 1g","uuid":"MIG-0",
                  "memory_used_bytes":10,"memory_total_bytes":40}]}],
              "models":[{"backend":"one","model":"m:latest","size_bytes":400,
                "gpu_bytes":100,"gpu_ratio":0.25}]})"));
}

TEST(gpu_json, tells_why_a_gpu_or_all_of_them_are_not_seen) {
  auto s = std::make_shared<gpu_sample>();
  s->probe = "none";
  s->problem = "no driver";
  gpu_report r;
  r.last = s;
  EXPECT_EQ(to_json(r)["problem"], "no driver");
  EXPECT_EQ(to_json(r)["gpus"], json::array());
  gpu_device lost;
  lost.lost = true;
  lost.problem = "GPU is lost";
  s->devices = {lost};
  EXPECT_EQ(to_json(r)["gpus"][0]["state"], "lost");
  EXPECT_EQ(to_json(r)["gpus"][0]["problem"], "GPU is lost");
  EXPECT_EQ(to_json(gpu_report{}).dump(), R"({"stale":false,"gpus":[],"models":[]})")
      << "before the first look";
}

TEST(gpu_json, has_a_column_for_each_line_of_the_history) {
  const auto unknown = std::numeric_limits<float>::quiet_NaN();
  const auto all = to_json(std::vector<gpu_moment>{
      {1000, {{0, 0.5f, 2, 40, unknown}, {1, unknown, unknown, unknown, 7}}},
      {2000, {{0, 0.93f, 3, 41, 70}}}});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], json::parse(R"({"index":0,"time_ms":[1000,2000],
      "utilization":[0.5,0.93],"memory_used_bytes":[2097152,3145728],
      "temperature_c":[40.0,41.0],"power_w":[null,70.0]})"));
  EXPECT_EQ(all[1]["memory_used_bytes"][0], nullptr);
}

} // namespace
} // namespace conductor::test
