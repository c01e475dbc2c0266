#include "adapters/cli/doctor/checks.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/human.hpp"
#include "adapters/cli/record.hpp"

#include <nlohmann/json.hpp>

#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

namespace conductor::cli {

namespace {

using nlohmann::json;

void check_placement(const json& models, bool any_gpu, findings& into) {
  bool all_there = true;
  for (const auto& m : models) {
    const auto ratio = m.value("gpu_ratio", 1.0);
    if (ratio >= 1)
      continue;
    all_there = false;
    const auto size = number_of(m, "size_bytes"), there = number_of(m, "gpu_bytes");
    const auto found = text_of(m, "model") + " on " + text_of(m, "backend") + ": " +
                       human_bytes(there) + " of " + human_bytes(size) + " are on GPUs";
    if (there == 0 && !any_gpu)
      into.ok("placement", found + "; it runs on the CPU");
    else
      into.warning(
          "placement", found,
          "what lies on the CPU is slow: take a smaller model or quantisation, a "
          "smaller num_ctx, or unload another (conductor ps, conductor unload)");
  }
  if (all_there && !models.empty())
    into.ok("placement", "every model in memory lies on GPUs wholly");
}

} // namespace

void check_gpus(client& node, findings& into) {
  json told;
  try {
    told = parse_document(node.fetch({"GET", "/conductor/v1/gpus"}).body);
  } catch (const failure& e) {
    into.skipped("gpu", e.what());
    return;
  }
  const auto& gpus = list_of(told, "gpus");
  const auto problem = text_of(told, "problem");
  if (told.value("stale", false))
    into.failed("gpu", "the GPU driver does not answer",
                "see `dmesg`; a reboot, or a reset of the GPU, may be needed");
  for (const auto& g : gpus) {
    const auto name =
        "GPU " + std::to_string(number_of(g, "index")) + ", " + text_of(g, "name");
    if (const auto state = text_of(g, "state"); state != "up")
      into.failed("gpu", name + " is " + state,
                  "see `dmesg`, and restart Ollama after it is back");
    else if (number_of(g, "ecc_uncorrected") > 0)
      into.warning("gpu", name + " has had memory errors that could not be corrected",
                   "have it looked at");
    else
      into.ok("gpu", name);
  }
  // A card without its driver is worth a word; no card at all is not.
  const bool card =
      ::access("/dev/nvidiactl", F_OK) == 0 || ::access("/dev/kfd", F_OK) == 0;
  if (gpus.empty() && card)
    into.warning("gpu", "there is a GPU's device, and the node sees none: " + problem,
                 "install the driver's library (libnvidia-ml.so.1), or set gpu.library");
  else if (gpus.empty())
    into.ok("gpu", "the node's machine has none that it knows");
  check_placement(list_of(told, "models"), !gpus.empty(), into);
}

void check_machine(findings& into) {
  timex now{};
  // In a container the clock is its host's affair.
  const bool own = ::access("/run/systemd/system", F_OK) == 0;
  if (const auto state = ::adjtimex(&now); state == -1)
    into.skipped("clock", "whether it is synchronised is not told here");
  else if (state != TIME_ERROR && (now.status & STA_UNSYNC) == 0)
    into.ok("clock", "synchronised");
  else if (!own)
    into.skipped("clock", "nothing on this machine synchronises it; its host may");
  else
    into.warning("clock", "this machine's clock is not synchronised",
                 "timedatectl set-ntp true");
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0)
    return;
  const auto found = "a program started here may open " + std::to_string(files.rlim_max);
  if (files.rlim_max < 4096)
    into.warning("limit", found,
                 "raise it in /etc/security/limits.d before a node starts here");
  else
    into.ok("limit", found);
}

} // namespace conductor::cli
