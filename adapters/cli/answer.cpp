#include "adapters/cli/answer.hpp"

#include "adapters/cli/duration.hpp"
#include "adapters/cli/human.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/visible_text.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

namespace {

constexpr auto grey = "\x1b[38;5;245m";
constexpr auto bold = "\x1b[1m";
constexpr auto plain = "\x1b[0m";

std::string tool_calls(const nlohmann::json& calls, const surface& shown) {
  bool colour = shown.colour;
  std::string explain = colour ? std::string(grey) + bold : "";
  std::string value = colour ? plain : "";
  std::string out = explain;
  bool first = true;
  for (const auto& call : calls) {
    auto function = call.value("function", nlohmann::json::object());
    out += first ? "" : "\n";
    first = false;
    out += "  Model called a non-existent function '" + value +
           visible_on(shown, text_of(function, "name")) + explain +
           "()' with arguments: " + value +
           function.value("arguments", nlohmann::json::object()).dump() + explain;
  }
  return out + value;
}

std::string rate(std::int64_t count, std::int64_t nanoseconds) {
  return fixed(static_cast<double>(count) / (static_cast<double>(nanoseconds) / 1e9), 2) +
         " tokens/s\n";
}

} // namespace

std::string answer::body(const std::string& text, unsigned columns) {
  auto seen = visible_on(style_.out, text);
  return style_.out.terminal && style_.wrap ? wrap_.push(seen, columns) : seen;
}

std::string answer::push(const nlohmann::json& record, unsigned columns) {
  bool colour = style_.out.colour;
  std::string out;
  auto thought = text_of(record, "thinking");
  if (!thought.empty() && !style_.hide_thinking) {
    if (!thinking_)
      out += colour ? std::string(grey) + bold + "Thinking...\n" + plain + grey
                    : "Thinking...\n";
    thinking_ = true;
    line_ended_ = thought.back() == '\n';
    out += body(thought, columns);
  }
  auto said = text_of(record, "response");
  auto calls = record.find("tool_calls");
  bool called = calls != record.end() && calls->is_array() && !calls->empty();
  if (thinking_ && (!said.empty() || called)) {
    out += line_ended_ ? "" : "\n";
    out += colour ? std::string(grey) + bold + "...done thinking.\n\n" + plain
                  : "...done thinking.\n\n";
    thinking_ = false;
    wrap_ = {};
  }
  out += body(said, columns);
  if (called)
    out += tool_calls(*calls, style_.out);
  return out;
}

std::string answer::close() const {
  return thinking_ && style_.out.colour ? plain : "";
}

std::string statistics(const nlohmann::json& last) {
  auto total = number_of(last, "total_duration");
  auto load = number_of(last, "load_duration");
  auto prompt_count = number_of(last, "prompt_eval_count");
  auto prompt_time = number_of(last, "prompt_eval_duration");
  auto count = number_of(last, "eval_count");
  auto time = number_of(last, "eval_duration");
  std::string out;
  if (total > 0)
    out += "total duration:       " + go_duration(total) + "\n";
  if (load > 0)
    out += "load duration:        " + go_duration(load) + "\n";
  if (prompt_count > 0)
    out += "prompt eval count:    " + std::to_string(prompt_count) + " token(s)\n";
  if (prompt_time > 0)
    out += "prompt eval duration: " + go_duration(prompt_time) + "\n" +
           "prompt eval rate:     " + rate(prompt_count, prompt_time);
  if (count > 0)
    out += "eval count:           " + std::to_string(count) + " token(s)\n";
  if (time > 0)
    out += "eval duration:        " + go_duration(time) + "\n" +
           "eval rate:            " + rate(count, time);
  return out;
}

} // namespace conductor::cli
