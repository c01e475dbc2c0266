#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace conductor::test {

/// The prompt of a chat, as the model gets it: `<|role|>content<|end|>` for each message,
/// then the beginning of an answer. A last message of the assistant is left open, so that
/// the answer goes on from it; not so where `closed`, as some models' templates are.
std::string rendered_chat(const nlohmann::json& messages, bool closed);

/// The model's template closes every message: its name ends with `-closed`.
bool closes_messages(std::string_view model);

} // namespace conductor::test
