#include "adapters/cli/gpus.hpp"
#include "tests/adapters/cli/conduct.hpp"
#include "tests/adapters/cli/peer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace conductor::cli {
namespace {

using nlohmann::json;

const auto two = json::parse(R"({"time":"2026-11-26T00:00:00.000Z","probe":"nvml",
  "driver":"550.54.15","stale":false,"gpus":[
  {"index":0,"name":"NVIDIA H100","uuid":"GPU-0","state":"up","utilization":0.93,
   "memory_used_bytes":41200000000,"memory_total_bytes":80000000000,"temperature_c":61.0,
   "power_w":412.5,"power_limit_w":700.0,"core_clock_hz":1980000000,"fan":0.4,
   "throttled":["sw_power_cap"],"xid_errors":0,
   "processes":[{"pid":77,"name":"/usr/lib/ollama/llama-server",
     "memory_bytes":38000000000,"ollama":true},{"pid":78,"ollama":false}],
   "partitions":[{"index":0,"instance":7,"name":"MIG 1g","uuid":"MIG-0",
     "memory_used_bytes":1000000}]},
  {"index":1,"name":"NVIDIA H100","uuid":"GPU-1","state":"lost",
   "problem":"GPU is lost","xid_errors":2,"last_xid":79}],
  "models":[{"backend":"one","model":"m:latest","size_bytes":400,"gpu_bytes":100},
            {"backend":"two","model":"n:latest","size_bytes":4,"gpu_bytes":4}]})");

/// Lines without the spaces that fill them.
std::string bare(const std::string& text) {
  std::string all;
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    auto last = text.find_last_not_of(' ', end == 0 ? 0 : end - 1);
    if (end > at && last != std::string::npos && last >= at)
      all += text.substr(at, last + 1 - at);
    all += '\n';
    at = end + 1;
  }
  return all;
}

TEST(gpus_text, is_a_small_nvidia_smi) {
  EXPECT_EQ(bare(gpus_text(two)),
            "GPU    NAME           BUSY    MEMORY            TEMP    POWER             "
            "CLOCK       FAN    NOTES\n"
            "0      NVIDIA H100    93%     41 GB of 80 GB    61 C    412 W of 700 W    "
            "1980 MHz    40%    throttled: sw_power_cap\n"
            "0:0    MIG 1g         -       1 MB              -       -                 "
            "-           -\n"
            "1      NVIDIA H100    -       -                 -       -                 "
            "-           -      lost: GPU is lost; 2 XID errors, last 79\n"
            "\n"
            "GPU    PID    MEMORY    PROCESS\n"
            "0      77     38 GB     /usr/lib/ollama/llama-server\n"
            "0      78     -         -\n"
            "\n"
            "MODEL       BACKEND    SIZE     PROCESSOR\n"
            "m:latest    one        400 B    75%/25% CPU/GPU\n"
            "n:latest    two        4 B      100% GPU\n");
}

TEST(gpus_text, says_that_there_is_no_gpu_and_why) {
  EXPECT_EQ(gpus_text(json::parse(
                R"({"probe":"none","gpus":[],"models":[],"problem":"no driver"})")),
            "No GPU is seen on the node's machine: no driver.\n");
  EXPECT_EQ(gpus_text(json::parse(R"({"stale":false,"gpus":[],"models":[]})")),
            "The node has not looked at its GPUs yet.\n");
  EXPECT_NO_THROW(
      gpus_text(json::parse(R"({"stale":1,"probe":"x","gpus":[1,{"processes":[2],
      "partitions":{}}],"models":3})")));
}

TEST(gpus_text, says_that_it_is_old_where_the_driver_hangs) {
  auto stale = two;
  stale["stale"] = true;
  EXPECT_TRUE(gpus_text(stale).starts_with("The GPU driver does not answer: this is "
                                           "old.\n"));
}

TEST(gpu_command, prints_the_table_or_the_document_and_succeeds_without_a_gpu) {
  peer node({response(two.dump())});
  EXPECT_EQ(conduct({"gpu", "--host", node.host()}).out, gpus_text(two));
  EXPECT_EQ(conduct({"gpu", "--json", "--host", node.host()}).out, two.dump() + "\n");
  EXPECT_TRUE(node.requests().at(0).starts_with("GET /conductor/v1/gpus HTTP/1.1"));
  peer none({response(R"({"probe":"none","gpus":[],"models":[]})")});
  const auto o = conduct({"gpu", "--host", none.host()});
  EXPECT_EQ(o.code, exit_ok);
  EXPECT_EQ(o.out, "No GPU is seen on the node's machine.\n");
}

TEST(gpu_command, watches_until_the_node_is_gone) {
  peer node({response(two.dump()), response(two.dump(), "503 Service Unavailable")});
  const auto o = conduct({"gpu", "--watch", "--host", node.host()});
  EXPECT_EQ(o.code, exit_error);
  EXPECT_EQ(o.out, gpus_text(two) + "\n");
  EXPECT_EQ(node.requests().size(), 2u);
}

} // namespace
} // namespace conductor::cli
