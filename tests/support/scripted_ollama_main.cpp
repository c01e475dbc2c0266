#include "tests/support/scripted_ollama.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <iostream>

int main(int argc, char** argv) {
  using namespace conductor::test;
  CLI::App app{"An Ollama that answers with canned text, for tests and benches"};
  scripted_ollama_options o;
  std::string answers;
  unsigned load_ms = 0;
  unsigned prefill_us = 0, decode_us = 0;
  double keep_alive = o.keep_alive.count();
  app.add_option("--host", o.host, "Address to listen on");
  app.add_option("--port", o.port, "Port; 0: the system chooses")->default_val(11434);
  app.add_option("--threads", o.threads, "Threads");
  app.add_option("--parallel", o.parallel, "Answers at once per model; 0: no limit");
  app.add_option("--max-loaded", o.max_loaded, "Models loaded at once; 0: no limit");
  app.add_option("--max-queue", o.max_queue, "Requests that may wait for a load");
  app.add_option("--keep-alive", keep_alive,
                 "Seconds that an idle model stays loaded; negative: for ever");
  app.add_option("--load-ms", load_ms, "How long a load takes");
  app.add_option("--prefill-us", prefill_us,
                 "Time of a prompt's token that is not cached; 0: none");
  app.add_option("--decode-us", decode_us,
                 "Time between records where the script has none");
  app.add_option("--version-text", o.version, "What /api/version says");
  app.add_option("--model", o.models, "A model instead of the canned ones; repeatable");
  app.add_option("--script", answers, "Script of every answer, as JSON");
  CLI11_PARSE(app, argc, argv);
  o.load = std::chrono::milliseconds(load_ms);
  o.prefill_per_token = std::chrono::microseconds(prefill_us);
  o.decode_per_token = std::chrono::microseconds(decode_us);
  o.keep_alive = runners::seconds(keep_alive);
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  try {
    if (!answers.empty())
      o.answers = script::parse(answers);
    scripted_ollama ollama{o};
    std::cout << "scripted Ollama on http://" << o.host << ":" << ollama.port()
              << " (canned text, no model)" << std::endl;
    int signal = 0;
    sigwait(&ends, &signal);
  } catch (const std::exception& bad) {
    std::cerr << "Error: " << bad.what() << "\n";
    return 1;
  }
  return 0;
}
