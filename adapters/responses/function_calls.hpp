#pragma once

#include "adapters/native/json_input.hpp"
#include "messages/session.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// A call of a function that an answer asks for, in OpenAI's terms.
struct function_call {
  std::string id;
  std::string name;
  std::string arguments; ///< a JSON object
};

/// Those in `tool_calls`, an array as Ollama writes it, of the message `seq`, the first
/// `before` of which are known already. A call without an id gets one made of these
/// numbers.
std::vector<function_call> calls_of(std::string_view tool_calls, std::uint64_t seq,
                                    std::size_t before = 0);

/// Names the function that each tool message answers, as models want it; the calls are
/// in `before` or among `messages`. Throws bad_request where there is none.
void name_functions(std::vector<session_message>& messages,
                    const std::vector<session_message>& before);

} // namespace conductor
