#include "adapters/cli/session_text.hpp"

#include "adapters/cli/record.hpp"
#include "adapters/cli/table.hpp"
#include "adapters/cli/text_width.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>

namespace conductor::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t longest_title = 40; // columns

std::string time_text(const json& session, const char* key, moment now) {
  auto when = parse_moment(text_of(session, key));
  return when ? human_time(*when, now) : "-";
}

// The text and a line feed, without those it ends with; nothing for no text.
std::string paragraph(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.pop_back();
  return text.empty() ? "" : text + "\n";
}

// What a message is, as in `[2] assistant, cancelled`.
std::string heading(const json& message) {
  std::string out("[");
  out.append(std::to_string(number_of(message, "seq"))).append("] ");
  out.append(text_of(message, "role"));
  if (auto tool = text_of(message, "tool_name"); !tool.empty())
    out += " " + tool;
  if (auto images = number_of(message, "images"); images > 0)
    out += ", " + std::to_string(images) + (images == 1 ? " image" : " images");
  if (auto state = text_of(message, "state"); !state.empty() && state != "done")
    out += ", " + state;
  if (auto error = text_of(message, "error"); !error.empty())
    out += ": " + error;
  return out + "\n";
}

std::string message_text(const json& message) {
  auto out = heading(message);
  if (auto thought = paragraph(text_of(message, "thinking")); !thought.empty())
    out += "Thinking...\n" + thought + "...done thinking.\n\n";
  out += paragraph(text_of(message, "content"));
  for (const auto& call : list_of(message, "tool_calls")) {
    const auto& function = list_of(call, "function");
    out += "calls " + text_of(function, "name") + " with " +
           list_of(function, "arguments").dump() + "\n";
  }
  return out;
}

} // namespace

std::string shown_title(const json& session) {
  auto title = text_of(session, "title");
  std::string_view rest = title;
  std::string out;
  std::size_t columns = 0;
  while (!rest.empty()) {
    auto next = next_character(rest);
    bool control = next.code < 0x20 || (next.code >= 0x7f && next.code < 0xa0);
    auto width = control ? 1 : next.width;
    if (columns + width + (rest.empty() ? 0 : 1) > longest_title)
      return out + "…";
    out.append(control ? " " : next.bytes);
    columns += width;
  }
  return out.empty() ? "-" : out;
}

std::string sessions_table(const std::vector<json>& sessions, moment now) {
  std::vector<row> rows{{"ID", "TITLE", "MODEL", "UPDATED"}};
  for (const auto& session : sessions)
    rows.push_back({text_of(session, "id"), shown_title(session),
                    text_of(session, "model"), time_text(session, "updated_at", now)});
  return table(rows, longest_title);
}

std::string conversation_text(const json& session, moment now) {
  auto out = "Session  " + text_of(session, "id") + "\nTitle    " + shown_title(session) +
             "\nModel    " + text_of(session, "model") + "\nUpdated  " +
             time_text(session, "updated_at", now) + "\n";
  if (auto system = paragraph(text_of(session, "system")); !system.empty())
    out.append("\nsystem\n").append(system);
  for (const auto& message : list_of(session, "messages"))
    out.append("\n").append(message_text(message));
  return out;
}

} // namespace conductor::cli
