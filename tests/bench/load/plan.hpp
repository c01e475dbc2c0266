#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/types.h>

namespace conductor::bench {

/// What is wrong with the peer or its answers; ends the run.
struct load_error : std::runtime_error {
  using runtime_error::runtime_error;
};

/// What a run does.
enum class load_mode {
  paced,    ///< streams with a pause between records: latency
  saturate, ///< request after request without a pause: throughput
  idle,     ///< connections that were used once, held until standard input ends
  hold      ///< streams stopped after their first record, held until standard input ends
};

/// One run of the load generator. Plain values.
struct load_plan {
  load_mode mode = load_mode::paced;
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string ca;                    ///< of a peer under TLS: who signed for it
  std::string model = "canned";      ///< what the scripted Ollama is asked for
  unsigned streams = 1;              ///< connections, each with one request at a time
  unsigned records = 64;             ///< content records in an answer
  unsigned size = 4;                 ///< bytes of text in a record
  unsigned gap_us = 0;               ///< between two records
  double warmup_s = 0.3;             ///< before the window
  double window_s = 1;               ///< what arrives meanwhile is measured
  double patience_s = 60;            ///< longest the rest of the run may take
  std::vector<pid_t> watched;        ///< whose processor time is counted
  bool own_text = false;             ///< each answer says a text of its own, stamped
  std::vector<std::string> sessions; ///< ids that are asked; empty: /api/chat is
};

/// What a stream asks, and what it must be told.
struct question {
  std::string text;     ///< the request, head and body
  unsigned records = 0; ///< content records of the answer
  std::string word;     ///< each says that with its stamp; empty: it is not stamped
};

} // namespace conductor::bench
