#pragma once

#include "tests/bench/load/plan.hpp"

#include <string>

namespace conductor::bench {

/// A chat request for `records` content records, head and body; the script in its options
/// tells the scripted Ollama how to answer.
std::string request_text(const load_plan& plan, unsigned records, std::uint64_t gap_us);

/// A chat request whose answer says `word`, stamped, in each record.
std::string chat_text(const load_plan& plan, unsigned records, const std::string& word);

/// The same as a message in a session.
std::string message_text(const load_plan& plan, unsigned records, const std::string& word,
                         const std::string& session);

} // namespace conductor::bench
