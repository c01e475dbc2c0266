#include "tests/bench/load/stamp_check.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace conductor::bench {

namespace {

// Lines are searched, not parsed: parsing costs more than all else here, and nothing that
// is looked for holds a quote or a backslash.
std::string_view text_of(std::string_view line, std::string_view begin) {
  const auto at = line.find(begin);
  if (at == line.npos)
    return {};
  line.remove_prefix(at + begin.size());
  return line.substr(0, line.find('"'));
}

// The number at the begin of `text`, cut from it with the border behind it; false: there
// is none.
template <class Number>
bool take_number(std::string_view& text, char border, Number& number) {
  const auto end = text.data() + text.size();
  const auto [at, wrong] = std::from_chars(text.data(), end, number);
  if (wrong != std::errc() || at == end || *at != border)
    return false;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  return true;
}

[[noreturn]] void unexpected(std::string_view line) {
  throw load_error("nothing of the answer: " + std::string(line.substr(0, 400)));
}

} // namespace

void stamp_check::expect(const question& q) {
  word_ = q.word;
  line_check::expect(q);
  event_ = 0;
}

void stamp_check::line(std::string_view text, std::vector<std::int64_t>& times) {
  if (done_)
    throw load_error("a line after the end: " + std::string(text.substr(0, 400)));
  if (const auto type = text_of(text, R"("type":")"); !type.empty()) {
    event(type, text, times);
    return;
  }
  if (text.find(R"("content":")") == text.npos)
    unexpected(text);
  stamps(text_of(text, R"("content":")"), times);
  done_ = text.find(R"("done":true)") != text.npos;
}

void stamp_check::event(std::string_view type, std::string_view text,
                        std::vector<std::int64_t>& times) {
  // What else a session tells beside its answer is its own affair.
  constexpr std::array<std::string_view, 5> wrong{"error", "cancelled", "snapshot",
                                                  "thinking", "tool_calls"};
  constexpr std::string_view begin = R"({"seq":)";
  std::uint64_t number = 0;
  auto rest = text;
  rest.remove_prefix(std::min(begin.size(), rest.size()));
  if (!text.starts_with(begin) || !take_number(rest, ',', number))
    throw load_error("an event without a number: " + std::string(text.substr(0, 400)));
  if (number <= event_)
    throw load_error("events out of order");
  event_ = number;
  if (type == "delta")
    stamps(text_of(text, R"("text":")"), times);
  else if (type == "done")
    done_ = true;
  else if (std::find(wrong.begin(), wrong.end(), type) != wrong.end())
    unexpected(text);
}

void stamp_check::stamps(std::string_view said, std::vector<std::int64_t>& times) {
  while (!said.empty()) {
    const auto word = said.substr(0, said.find('/'));
    if (word != word_)
      throw load_error("text of another: \"" + std::string(said.substr(0, 60)) +
                       "\" where \"" + word_ + "\" was asked for");
    said.remove_prefix(std::min(word.size() + 1, said.size()));
    unsigned number = 0;
    std::int64_t due = 0;
    if (!take_number(said, '/', number) || !take_number(said, ';', due))
      throw load_error("half a record: " + std::string(said.substr(0, 60)));
    if (number != count_)
      throw load_error("record " + std::to_string(number) + " where " +
                       std::to_string(count_) + " was due");
    add_record();
    times.push_back(due);
  }
}

} // namespace conductor::bench
