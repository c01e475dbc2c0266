#pragma once

#include "adapters/cli/gpu_watch.hpp"
#include "adapters/cli/sample_stats.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace conductor::cli {

/// What `conductor bench` was told.
struct bench_options {
  std::string host;
  std::string direct;
  std::string model;
  std::string prompt =
      "Explain in about a hundred words how a river finds its way to the sea.";
  int rounds = 10;
  int tokens = 128;
  std::uint64_t seed = 1;
  bool raw = false;
};

/// One answer, timed by the client from before it connects.
struct timing {
  double first_ms = 0; ///< to the first text
  double total_ms = 0; ///< to the end of the answer
  double rate = 0;     ///< tokens per second after the first; 0 if there were none
};

/// One way to the model and what was measured on it; `timings[i]` of both ways are a
/// pair.
struct bench_side {
  std::string address;
  std::vector<timing> timings;
  std::vector<gpu_sample> gpu;
  std::vector<std::string> backends; ///< who answered, as the node named it
};

/// Both ways. `gpu_seen`: there was an nvidia-smi.
struct bench_result {
  std::string model;
  bench_side direct, conductor;
  bool gpu_seen = false;
  std::uint64_t seed = 1;
};

/// Measures and prints. Returns the exit code, throws failure.
int bench(const bench_options& options);

/// The result in a table and a verdict in words, or as one JSON document.
std::string bench_text(const bench_result& result);
std::string bench_json(const bench_result& result);

/// Fewer pairs may all lie on one side by chance more often than once in twenty times.
constexpr std::size_t pairs_for_verdict = 6;

/// What the difference of `what`, Conductor less direct, says in words.
std::string verdict(const std::string& what, const interval& difference,
                    const std::string& unit, std::size_t pairs);

} // namespace conductor::cli
