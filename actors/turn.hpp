#pragma once

#include "messages/session.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// What SESSION, which knows no JSON, has done for it by an adapter.
struct session_codec {
  /// Reads whole records, as they came from Ollama.
  std::function<std::vector<answer_piece>(std::string_view)> read;
  /// An assistant's message as it goes to Ollama: text, thinking, tool calls.
  std::function<std::string(std::string_view, std::string_view, std::string_view)> write;
  /// A text as a JSON string.
  std::function<std::string(std::string_view)> quote;
  /// A JSON merge patch (RFC 7396) applied to an object.
  std::function<std::string(std::string_view, std::string_view)> merge;
  /// Settings of a request, a JSON object, with changes to them.
  std::function<std::string(std::string_view, std::string_view)> change_settings;
  /// Two JSON arrays in one; each may be empty.
  std::function<std::string(std::string_view, std::string_view)> joined;
  /// `options.num_ctx` of a request's settings, in tokens; 0: not set.
  std::function<std::uint64_t(std::string_view)> context;
  /// Settings that leave an answer plain text, which can go on elsewhere: no `format`, no
  /// `tools`, no `think`.
  std::function<bool(std::string_view)> plain;
  /// JSON that may be kept: to read it again costs no more than its size allows.
  std::function<bool(std::string_view)> keeps;
  /// A snapshot as its followers are told it: one text for all. Null: they write it.
  std::function<std::string(const session_event&)> tell;
};

/// The request whose answer is message `answer`, with these settings of its turn (a JSON
/// object). It begins with the bytes of the one before it, so that Ollama's prompt cache
/// is used. `so_far` is the beginning of that answer as a message, for one that is to go
/// on; empty: it begins.
std::string compose(const session_info& info,
                    const std::vector<session_message>& messages, std::uint64_t answer,
                    const std::string& settings, const session_codec& codec,
                    const std::string& so_far = {});

/// What an answer and the messages that asked for it add to the prompt: what Ollama
/// counted, less what the turns before it take; estimated where it counted nothing.
std::uint64_t turn_tokens(const session_info& info,
                          const std::vector<session_message>& messages,
                          const session_message& answer);
/// The same for each answer of a conversation that is not counted yet.
void count_turns(session_record& record);

/// Tokens that the messages after `trimmed` take.
std::uint64_t tokens_of(const session_info& info,
                        const std::vector<session_message>& messages);

struct trim {
  std::uint64_t through = 0; ///< messages up to here are left out
  std::uint64_t tokens = 0;  ///< estimate of what goes on
};

/// What to leave out before message `answer`, given `context` tokens: nothing until nine
/// tenths are used, then the oldest turns until half is free. Rare and large steps, as
/// each one costs Ollama's prompt cache. The system message and the last turn stay.
trim trim_for(const session_info& info, const std::vector<session_message>& messages,
              std::uint64_t answer, std::uint64_t context);

} // namespace conductor
