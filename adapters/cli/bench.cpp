#include "adapters/cli/bench.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>

namespace conductor::cli {

namespace {

using clock = std::chrono::steady_clock;

// A sample tells of the last fraction of a second: the first ones of an answer are still
// of what was before it.
constexpr std::ptrdiff_t gpu_lag = 2;

endpoint direct_address(const bench_options& options) {
  auto text = options.direct.empty() ? environment("OLLAMA_HOST") : options.direct;
  try {
    return parse_backend(text);
  } catch (const std::invalid_argument& e) {
    throw failure(e.what(), exit_usage);
  }
}

double milliseconds_since(clock::time_point start) {
  return std::chrono::duration<double, std::milli>(clock::now() - start).count();
}

// Against itself Conductor would look free.
void refuse_conductor(client& ollama) {
  std::string address;
  try {
    address = ollama.fetch({"GET", "/conductor/v1/status"}).address;
  } catch (const refusal&) {
    return; // no such route: as it should be
  }
  throw failure(address +
                    " is a Conductor node; say where Ollama itself is with --direct",
                exit_usage);
}

timing ask(client& server, const std::string& body, bench_side& side) {
  timing t;
  nlohmann::json last;
  auto start = clock::now();
  stream_reader reader;
  reader.on_line = [&](std::string_view line) {
    auto record = parse_record(line);
    bool text =
        !text_of(record, "response").empty() || !text_of(record, "thinking").empty();
    if (text && t.first_ms == 0)
      t.first_ms = milliseconds_since(start);
    if (record.value("done", false))
      last = std::move(record);
  };
  auto answer = server.stream({"POST", "/api/generate", body}, reader);
  t.total_ms = milliseconds_since(start);
  side.address = answer.address;
  if (last.is_null())
    throw failure("the answer of " + side.address + " ended before it was complete");
  if (t.first_ms == 0)
    throw failure("the answer of " + side.address + " is empty; try another --prompt");
  auto tokens = number_of(last, "eval_count");
  if (tokens > 1 && t.total_ms > t.first_ms)
    t.rate = static_cast<double>(tokens - 1) / (t.total_ms - t.first_ms) * 1000;
  auto& seen = side.backends;
  if (!answer.backend.empty() &&
      std::find(seen.begin(), seen.end(), answer.backend) == seen.end())
    seen.push_back(answer.backend);
  return t;
}

} // namespace

int bench(const bench_options& options) {
  catch_signals();
  auto through = node_client(options.host);
  client ollama({direct_address(options)}, "Ollama server",
                "; say where it is with --direct", through.loop());
  refuse_conductor(ollama);
  bench_result result;
  result.model = options.model;
  result.seed = options.seed;

  // The same answer each time, as far as the model allows.
  auto body =
      nlohmann::json{
          {"model", options.model},
          {"prompt", options.prompt},
          {"options",
           {{"seed", options.seed}, {"temperature", 0}, {"num_predict", options.tokens}}}}
          .dump();
  bool live = surface_of(2).terminal;
  auto say = [&](const std::string& text) {
    if (live)
      write_error("\r\x1b[K" + text);
  };
  say("warming up");
  ask(ollama, body, result.direct);
  ask(through, body, result.conductor);
  result.conductor.backends.clear();

  gpu_watch gpu(*through.loop());
  result.gpu_seen = gpu.running();
  std::mt19937_64 random(options.seed);
  for (int round = 0; round < options.rounds; ++round) {
    say("round " + std::to_string(round + 1) + " of " + std::to_string(options.rounds));
    bool direct_first = random() % 2 == 0;
    for (bool direct : {direct_first, !direct_first}) {
      auto& side = direct ? result.direct : result.conductor;
      gpu.take();
      side.timings.push_back(ask(direct ? ollama : through, body, side));
      auto samples = gpu.take();
      auto own = samples.begin() + std::min<std::ptrdiff_t>(gpu_lag, std::ssize(samples));
      side.gpu.insert(side.gpu.end(), own, samples.end());
    }
  }
  say("");
  write_out(options.raw ? bench_json(result) + "\n" : bench_text(result));
  return exit_ok;
}

} // namespace conductor::cli
