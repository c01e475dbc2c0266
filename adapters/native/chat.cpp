#include "adapters/native/chat.hpp"

#include "adapters/native/json_input.hpp"

#include <algorithm>

namespace conductor::chat {
namespace {

using json = nlohmann::ordered_json;
using json_input::dump;
using json_input::text_or_empty;

json parse(std::string_view text) {
  return json::parse(text, nullptr, false);
}

answer_piece piece_of(const json& record) {
  answer_piece p;
  p.error = text_or_empty(record, "error");
  p.reason = text_or_empty(record, "done_reason");
  p.done = record.value("done", json(false)) == json(true);
  if (const auto m = record.find("message"); m != record.end() && m->is_object()) {
    p.text = text_or_empty(*m, "content");
    p.thinking = text_or_empty(*m, "thinking");
    if (const auto calls = m->find("tool_calls");
        calls != m->end() && calls->is_array() && !calls->empty())
      p.tool_calls = dump(*calls);
  }
  return p;
}

} // namespace

std::vector<answer_piece> read_records(std::string_view records) {
  std::vector<answer_piece> pieces;
  while (!records.empty()) {
    const auto line = records.substr(0, records.find('\n'));
    records.remove_prefix(std::min(records.size(), line.size() + 1));
    if (const auto j = json_input::parse_bounded(line); j.is_object())
      pieces.push_back(piece_of(j));
  }
  return pieces;
}

std::string assistant_message(std::string_view text, std::string_view thinking,
                              std::string_view tool_calls) {
  json j{{"role", "assistant"}, {"content", text}};
  if (!thinking.empty())
    j["thinking"] = thinking;
  if (!tool_calls.empty())
    j["tool_calls"] = parse(tool_calls);
  return dump(j);
}

std::string quoted(std::string_view text) {
  return dump(json(text));
}

std::string merged(std::string_view object, std::string_view patch) {
  if (patch == "{}")
    return std::string{object};
  if (patch == "null")
    return "{}";
  auto j = parse(object);
  j.merge_patch(parse(patch));
  return dump(j);
}

std::string changed_settings(std::string_view settings, std::string_view changes) {
  if (changes == "{}")
    return std::string{settings};
  auto j = parse(settings);
  const auto all = parse(changes);
  for (const auto& [key, value] : all.items()) {
    if (value.is_null())
      j.erase(key);
    else if (key == "options")
      j[key].merge_patch(value);
    else
      j[key] = value;
  }
  return dump(j);
}

std::string joined(std::string_view array, std::string_view more) {
  auto all = array.empty() ? json::array() : parse(array);
  for (auto& one : more.empty() ? json::array() : parse(more))
    all.push_back(one);
  return dump(all);
}

std::uint64_t context_of(std::string_view settings) {
  const auto j = parse(settings);
  const auto options = j.find("options");
  if (options == j.end() || !options->is_object())
    return 0;
  const auto n = options->find("num_ctx");
  return n != options->end() && n->is_number_unsigned() ? n->get<std::uint64_t>() : 0;
}

bool keeps(std::string_view json) {
  return json_input::too_large(json).empty();
}

bool is_plain(std::string_view settings) {
  const auto j = parse(settings);
  const auto set = [&](const char* key) {
    const auto i = j.find(key);
    return i != j.end() && !i->is_null() && *i != false && !(i->is_array() && i->empty());
  };
  return j.is_object() && !set("format") && !set("tools") && !set("think");
}

} // namespace conductor::chat
