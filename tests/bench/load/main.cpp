#include "tests/bench/load/held_run.hpp"
#include "tests/bench/load/timed_run.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <map>

namespace {

using namespace conductor::bench;

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

void add_options(CLI::App& app, load_plan& plan) {
  const std::map<std::string, load_mode> modes{{"paced", load_mode::paced},
                                               {"saturate", load_mode::saturate},
                                               {"idle", load_mode::idle},
                                               {"hold", load_mode::hold}};
  app.add_option("mode", plan.mode, "What to do")
      ->required()
      ->transform(CLI::CheckedTransformer(modes));
  app.add_option("--host", plan.host, "Numeric address of the peer");
  app.add_option("--port", plan.port, "Port of the peer")->required();
  app.add_option("--ca", plan.ca, "PEM file of who signed for a peer under TLS");
  app.add_option("--model", plan.model, "Model to ask for");
  app.add_option("--streams", plan.streams, "Connections")->check(CLI::Range(1, 100'000));
  app.add_option("--records", plan.records, "Content records in an answer")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--size", plan.size, "Bytes of text in a record");
  app.add_option("--gap-us", plan.gap_us, "Microseconds between two records (paced)");
  app.add_option("--warmup", plan.warmup_s, "Seconds before the window");
  app.add_option("--window", plan.window_s, "Seconds that are measured");
  app.add_option("--patience", plan.patience_s, "Seconds until a stall is a failure");
  app.add_option("--cpu-of", plan.watched, "Processes whose processor time is counted")
      ->delimiter(',');
  app.add_flag("--own-text", plan.own_text,
               "Each answer says a text of its own, which is checked");
  app.add_option_function<std::string>(
         "--sessions",
         [&plan](const std::string& file) { plan.sessions = lines_of(file); },
         "Ask sessions instead of /api/chat, with texts of their own: a line an id, each "
         "stream its own ones in turn")
      ->check(CLI::ExistingFile);
}

template <class Run>
void run(const load_plan& plan) {
  boost::asio::io_context io{1};
  Run r(io, plan);
  r.start();
  io.run();
  std::cout << r.result().dump() << std::endl;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Loads a server that stands before the scripted Ollama, checks every answer, "
      "and prints one line of JSON"};
  load_plan plan;
  add_options(app, plan);
  CLI11_PARSE(app, argc, argv);
  try {
    if (plan.mode == load_mode::saturate)
      plan.gap_us = 0;
    if (plan.mode == load_mode::paced || plan.mode == load_mode::saturate)
      run<timed_run>(plan);
    else
      run<held_run>(plan);
  } catch (const std::exception& e) {
    std::cerr << "conductor-load: " << e.what() << std::endl;
    return 1;
  }
  return 0;
}
