#pragma once

#include "messages/fleet.hpp"

#include <string>
#include <string_view>

namespace conductor {

/// The body with the changes. What is there is replaced at its place, of equal keys the
/// last, which is the one that Go reads; what is not goes to the end of its object. A
/// body that is no JSON object, and a member of a type that Ollama refuses, stay as they
/// are: Ollama tells the client what is wrong.
std::string patch_body(std::string_view json, const body_changes& changes);

} // namespace conductor
