#include "adapters/cli/top/details.hpp"

#include "adapters/cli/explain.hpp"
#include "adapters/cli/human.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/screen/glyphs.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace conductor::cli {

namespace {

using nlohmann::json;

void add_text(lines& out, std::string_view text, style look = {}) {
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    out.push_back({piece(text.substr(0, end), look)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string value_text(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void add_members(lines& out, const json& object, std::size_t depth) {
  constexpr std::size_t deepest = 8;
  for (const auto& [name, value] : object.items()) {
    std::string indent(2 * depth, ' ');
    // An entry of a list has no name but its number.
    auto head = piece(indent + name, {tone::accent});
    if (value.is_structured() && !value.empty() && depth < deepest) {
      out.push_back({head});
      add_members(out, value, depth + 1);
    } else {
      out.push_back({head, piece("  " + value_text(value))});
    }
  }
}

double real_of(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : 0;
}

void add_course(lines& out, const json& r) {
  auto all = real_of(r, "seconds");
  const auto& timing = list_of(r, "timing");
  out.push_back(
      {piece(text_of(r, "method") + " " + text_of(r, "path") + "  " +
             text_of(r, "model") + "  " + text_of(r, "outcome") + " " +
             std::to_string(number_of(r, "status")) + "  " + fixed(all, 3) + " s")});
  if (auto why = text_of(r, "detail"); !why.empty())
    out.push_back({piece(why, {tone::bad})});
  static const std::pair<const char*, const char*> parts[] = {
      {"queue", "waited for a place"},      {"load", "waited for the model"},
      {"first", "request to first token"},  {"prefill", "prompt read, by Ollama"},
      {"decode", "answer made, by Ollama"}, {"relay", "first token to the end"}};
  for (const auto& [name, what] : parts) {
    auto spent = real_of(timing, name);
    out.push_back({{fitted(std::string_view(name), 9), {tone::accent}},
                   {all > 0 ? bar(spent / all, 20) : "", {tone::good}},
                   {"  " + fixed(spent, 3) + " s  ", {}},
                   {what, {tone::faint}}});
  }
}

} // namespace

lines request_lines(const json& document) {
  lines out;
  for (const auto& r : list_of(document, "requests"))
    if (r.is_object()) {
      add_course(out, r);
      out.emplace_back();
    }
  add_text(out, explanation_text(document));
  for (const auto& r : list_of(document, "requests"))
    if (r.is_object()) {
      out.emplace_back();
      add_members(out, r, 0);
    }
  return out;
}

lines member_lines(const json& entry) {
  lines out;
  add_members(out, entry, 0);
  return out;
}

lines session_lines(const json& session, std::size_t most) {
  lines out{{piece(text_of(session, "title"), {tone::head}),
             piece("  " + text_of(session, "model") + "  " + text_of(session, "id"))}};
  const auto& all = list_of(session, "messages");
  auto first = all.size() > most ? all.size() - most : 0;
  if (first > 0)
    out.push_back({{std::to_string(first) + " messages before", {tone::faint}}});
  for (auto i = first; i < all.size(); ++i) {
    const auto& m = all[i];
    if (!m.is_object())
      continue;
    auto role = text_of(m, "role"), state = text_of(m, "state");
    out.emplace_back();
    out.push_back({piece(role + (state == "done" ? "" : " (" + state + ")"),
                         {role == "user" ? tone::you : tone::good, true})});
    add_text(out, text_of(m, "content"));
    add_text(out, text_of(m, "error"), {tone::bad});
  }
  return out;
}

} // namespace conductor::cli
