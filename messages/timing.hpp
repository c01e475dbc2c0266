#pragma once

#include "messages/stream.hpp"

#include <chrono>
#include <string>

namespace conductor {

/// Where the time of an answer went. Zero: nowhere, or nobody told.
struct answer_timing {
  std::chrono::nanoseconds queue{};   ///< waited for a place, and for no load
  std::chrono::nanoseconds load{};    ///< the model's: by the node, and what Ollama tells
  std::chrono::nanoseconds first{};   ///< request read to first record
  std::chrono::nanoseconds prefill{}; ///< as Ollama tells
  std::chrono::nanoseconds decode{};  ///< as Ollama tells
  std::chrono::nanoseconds relay{};   ///< first record to the answer's end
};

/// Of a request that was read at `received`, and whose answer ended at `ended`.
answer_timing timing_of(const answer_course& course, const usage& used,
                        request_clock::time_point received,
                        request_clock::time_point ended);

/// As the header `Server-Timing` says it, in milliseconds; what is zero is left out.
std::string server_timing(const answer_timing& t);
/// The same of an answer of which only the whole time is known.
std::string total_timing(std::chrono::nanoseconds total);

} // namespace conductor
