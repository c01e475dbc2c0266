#pragma once

#include "tests/support/ollama/catalogue.hpp"
#include "tests/support/ollama/runners.hpp"
#include "tests/support/ollama/script_book.hpp"
#include "tests/support/ollama/statistics.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace conductor::test {

/// How a scripted Ollama is started.
struct scripted_ollama_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0; ///< 0: the system chooses
  unsigned threads = 1;
  unsigned parallel =
      0; ///< answers at once per model, as OLLAMA_NUM_PARALLEL; 0: no limit
  unsigned max_loaded = 0;           ///< models at once; 0: no limit
  std::size_t max_queue = 512;       ///< requests that wait for a load
  std::chrono::microseconds load{0}; ///< how long a load takes
  runners::seconds keep_alive{300};
  std::chrono::microseconds prefill_per_token{0}; ///< 0: prompts take no time
  std::chrono::microseconds decode_per_token{0};  ///< where the script has no gap
  std::string version = "0.33.0";
  std::size_t keep_requests = 10'000; ///< remembered for assertions
  script answers{};                   ///< the default script
  std::vector<std::string> models{};  ///< by name; empty: the canned ones
};

/// What all connections of one scripted Ollama share.
struct world {
  explicit world(scripted_ollama_options o)
      : options(std::move(o))
      , seen(options.keep_requests)
      , models(options.models)
      , running(seen, {options.parallel, options.max_loaded, options.max_queue,
                       options.keep_alive}) {
    scripts.set_default(options.answers);
  }

  const scripted_ollama_options options;
  statistics seen;
  catalogue models;
  runners running;
  script_book scripts;
};

} // namespace conductor::test
