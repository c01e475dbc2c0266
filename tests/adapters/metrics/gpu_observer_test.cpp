#include "adapters/metrics/gpu_observer.hpp"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

namespace conductor::test {
namespace {

gpu_device device(std::uint32_t index) {
  gpu_device d;
  d.index = index;
  d.name = "Card";
  d.uuid = "GPU-" + std::to_string(index);
  d.utilization = 0.5;
  d.memory_used = 100;
  d.memory_total = 80'000'000'000;
  return d;
}

gpu_report report(std::vector<gpu_device> devices,
                  std::vector<model_placement> models = {}) {
  auto s = std::make_shared<gpu_sample>();
  s->probe = devices.empty() ? "none" : "nvml";
  s->driver = "550";
  s->problem = devices.empty() ? "no driver" : "";
  s->devices = std::move(devices);
  gpu_report r;
  r.last = s;
  r.models = std::move(models);
  r.local_backends = {"one"};
  return r;
}

std::string said(const gpu_report& before, const gpu_report& now) {
  std::string all;
  for (const auto& l : changes_of(before, now))
    all += (l.warning ? "! " : "- ") + l.text + "\n";
  return all;
}

TEST(gpu_changes, tell_once_what_is_there) {
  EXPECT_EQ(said({}, report({device(0)})),
            "- GPU 0 (Card) is looked at by nvml, driver 550: 80.0 GB\n");
  EXPECT_EQ(said(report({device(0)}), report({device(0)})), "");
  EXPECT_EQ(said({}, report({})), "- no GPU is seen on this machine: no driver\n");
  EXPECT_EQ(said(report({}), report({})), "");
  EXPECT_EQ(said(report({device(0)}), report({})),
            "! no GPU is seen any more: no driver\n");
}

TEST(gpu_changes, warn_once_of_a_driver_that_hangs) {
  auto hung = report({device(0)});
  auto before = hung;
  hung.stale = true;
  EXPECT_EQ(said(before, hung), "! the GPU driver does not answer: what was seen last is "
                                "kept, marked as stale\n");
  EXPECT_EQ(said(hung, hung), "");
  EXPECT_EQ(said(hung, before), "- the GPU driver answers again\n");
}

TEST(gpu_changes, warn_of_a_gpu_that_is_lost_and_of_its_errors) {
  auto lost = device(1);
  lost.lost = true;
  lost.problem = "GPU is lost";
  const auto well = report({device(0), device(1)});
  EXPECT_EQ(said(well, report({device(0), lost})),
            "! GPU 1 (Card) is lost: GPU is lost\n");
  EXPECT_EQ(said(report({device(0), lost}), well), "- GPU 1 (Card) answers again\n");
  auto bad = device(1);
  bad.xid_errors = 1;
  bad.last_xid = 79;
  bad.ecc_uncorrected = 2;
  auto was = device(1);
  was.ecc_uncorrected = 0;
  EXPECT_EQ(said(report({was}), report({bad})),
            "! GPU 1 (Card) reports XID error 79\n"
            "! GPU 1 (Card) has 2 memory errors that could not be corrected\n");
}

TEST(gpu_changes, warn_once_each_time_that_a_model_comes_to_lie_on_the_cpu) {
  const model_placement whole{"one", "m:latest", 4'000'000'000, 4'000'000'000};
  auto half = whole;
  half.size_on_gpu = 1'000'000'000;
  auto none = whole;
  none.size_on_gpu = 0;
  EXPECT_EQ(said(report({}), report({}, {whole})), "");
  const std::string partly = "! model m:latest of backend one is partly on the CPU: "
                             "1.0 GB of 4.0 GB are on GPUs, 25 %\n";
  EXPECT_EQ(said(report({}), report({}, {half})), partly);
  EXPECT_EQ(said(report({}, {whole}), report({}, {half})), partly);
  EXPECT_EQ(said(report({}, {half}), report({}, {half})), "");
  EXPECT_EQ(said(report({}, {half}), report({}, {none})),
            "! model m:latest of backend one is wholly on the CPU: 4.0 GB\n");
  EXPECT_EQ(said(report({}, {half}), report({}, {whole})),
            "- model m:latest of backend one is wholly on GPUs again\n");
  EXPECT_EQ(said(report({}, {half}), report({})), "");
}

std::string text_of(const gpu_report& r) {
  return prometheus::TextSerializer().Serialize(families_of(r));
}

bool has(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

TEST(gpu_series, have_what_is_known_and_nothing_else) {
  auto d = device(0);
  d.throttled = {"sw_thermal"};
  d.ecc_corrected = 3;
  d.core_clock = 1'980'000'000;
  d.processes = {{77, "/usr/lib/ollama/llama-server", 1000, {}, true},
                 {78, "/usr/lib/ollama/llama-server", 500, {}, true},
                 {79, "", 5, {}, false},
                 {80, "hidden", {}, {}, false}};
  const auto text = text_of(report({d}));
  EXPECT_TRUE(has(text, "conductor_gpu_info{gpu=\"0\",name=\"Card\",uuid=\"GPU-0\","
                        "driver=\"550\",backend=\"one\"} 1"))
      << text;
  EXPECT_TRUE(has(text, "conductor_gpu_up{gpu=\"0\"} 1"));
  EXPECT_TRUE(has(text, "conductor_gpu_utilization_ratio{gpu=\"0\"} 0.5"));
  EXPECT_TRUE(has(text, "conductor_gpu_memory_total_bytes{gpu=\"0\"} 80000000000"));
  EXPECT_TRUE(has(text, "conductor_gpu_clock_hertz{gpu=\"0\",clock=\"sm\"} 1980000000"));
  EXPECT_TRUE(has(text, "conductor_gpu_throttled{gpu=\"0\",reason=\"sw_thermal\"} 1"));
  EXPECT_TRUE(has(text, "conductor_gpu_throttled{gpu=\"0\",reason=\"hw_thermal\"} 0"));
  EXPECT_TRUE(has(text, "# TYPE conductor_gpu_ecc_errors_total counter"));
  EXPECT_TRUE(
      has(text, "conductor_gpu_ecc_errors_total{gpu=\"0\",kind=\"corrected\"} 3"));
  EXPECT_TRUE(has(text, "conductor_gpu_process_memory_bytes{gpu=\"0\","
                        "process=\"llama-server\"} 1500"));
  EXPECT_TRUE(has(text, "conductor_gpu_process_memory_bytes{gpu=\"0\","
                        "process=\"unknown\"} 5"));
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_EQ(text.find("conductor_gpu_fan_ratio"), std::string::npos) << "not known";
}

TEST(gpu_series, tell_no_old_values_of_a_gpu_that_does_not_answer) {
  auto stale = report({device(0)});
  stale.stale = true;
  auto gone = device(0);
  gone.lost = true;
  gone.problem = "GPU is lost";
  gone.xid_errors = 1;
  EXPECT_TRUE(
      has(text_of(report({gone})), "conductor_gpu_xid_errors_total{gpu=\"0\"} 1"));
  for (const auto& r : {stale, report({gone})}) {
    const auto text = text_of(r);
    EXPECT_TRUE(has(text, "conductor_gpu_up{gpu=\"0\"} 0")) << text;
    EXPECT_EQ(text.find("utilization"), std::string::npos);
  }
}

TEST(gpu_series, count_the_memory_of_mig_devices_once) {
  auto d = device(0);
  d.partitions = {{0, 7, "MIG 1g", "MIG-0", 10, 40}, {1, 8, "MIG 1g", "MIG-1", 20, 40}};
  const auto text = text_of(report({d}));
  EXPECT_TRUE(has(text, "conductor_gpu_memory_used_bytes{gpu=\"0:1\"} 20")) << text;
  EXPECT_EQ(text.find("conductor_gpu_memory_used_bytes{gpu=\"0\"}"), std::string::npos);
  EXPECT_NE(text.find("conductor_gpu_info{gpu=\"0:1\",name=\"MIG 1g\",uuid=\"MIG-1\""),
            std::string::npos);
}

TEST(gpu_series, show_where_models_lie_without_any_gpu) {
  const auto text = text_of(report({}, {{"one", "m:latest", 400, 100}}));
  EXPECT_TRUE(has(text, "conductor_model_bytes{backend=\"one\",model=\"m:latest\"} 400"));
  EXPECT_TRUE(
      has(text, "conductor_model_vram_bytes{backend=\"one\",model=\"m:latest\"} 100"));
  EXPECT_TRUE(
      has(text, "conductor_model_gpu_ratio{backend=\"one\",model=\"m:latest\"} 0.25"));
  EXPECT_EQ(text.find("conductor_gpu_"), std::string::npos);
}

TEST(gpu_series, are_bounded_however_many_models_and_programs_there_are) {
  std::vector<model_placement> models;
  for (int i = 0; i < 500; ++i)
    models.push_back({"one", "m" + std::to_string(i), 10, 5});
  auto d = device(0);
  d.processes.emplace();
  for (unsigned i = 0; i < 500; ++i)
    d.processes->push_back({i, "p" + std::to_string(i), 1, {}, false});
  const auto text = text_of(report({d}, models));
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 300);
  EXPECT_TRUE(has(text, "conductor_model_bytes{backend=\"one\",model=\"other\"} 4360"));
  EXPECT_TRUE(
      has(text, "conductor_model_gpu_ratio{backend=\"one\",model=\"other\"} 0.5"));
  EXPECT_TRUE(
      has(text, "conductor_gpu_process_memory_bytes{gpu=\"0\",process=\"other\"} 484"));
}

TEST(gpu_series, collect_the_last_report) {
  gpu_series s;
  EXPECT_TRUE(s.Collect().empty());
  s.show(std::make_shared<const gpu_report>(report({device(0)})));
  EXPECT_FALSE(s.Collect().empty());
}

} // namespace
} // namespace conductor::test
