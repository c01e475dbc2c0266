#include "adapters/responses/function_calls.hpp"

#include <map>

namespace conductor {
namespace {

using namespace json_input;

function_call call_of(const json& one) {
  function_call call{text_or_empty(one, "id"), {}, "{}"};
  const auto f = one.find("function");
  if (f == one.end() || !f->is_object())
    return call;
  call.name = text_or_empty(*f, "name");
  if (const auto given = f->find("arguments"); given != f->end())
    call.arguments = given->is_string() ? given->get<std::string>() : dump(*given);
  return call;
}

} // namespace

std::vector<function_call> calls_of(std::string_view tool_calls, std::uint64_t seq,
                                    std::size_t before) {
  std::vector<function_call> all;
  const auto calls = json::parse(tool_calls, nullptr, false);
  if (!calls.is_array())
    return all;
  for (const auto& one : calls) {
    if (!one.is_object())
      continue;
    auto call = call_of(one);
    if (call.id.empty())
      call.id = "call_" + std::to_string(seq) + "_" + std::to_string(before + all.size());
    all.push_back(std::move(call));
  }
  return all;
}

void name_functions(std::vector<session_message>& messages,
                    const std::vector<session_message>& before) {
  std::map<std::string, std::string> names;
  const auto note = [&](const session_message& m) {
    for (auto& call : calls_of(m.tool_calls, m.seq))
      names[call.id] = std::move(call.name);
  };
  for (const auto& m : before)
    note(m);
  for (auto& m : messages) {
    note(m);
    if (m.role != "tool")
      continue;
    auto wire = json::parse(m.wire);
    const auto id = wire["tool_call_id"].get<std::string>();
    const auto name = names.find(id);
    if (name == names.end())
      throw bad_request("no function was called with the call_id \"" + id + "\"");
    wire["tool_name"] = name->second;
    m.wire = dump(wire);
  }
}

} // namespace conductor
