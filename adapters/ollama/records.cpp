#include "adapters/ollama/records.hpp"

#include "adapters/json/scan.hpp"
#include "adapters/ollama/find_last.hpp"

#include <algorithm>
#include <array>

namespace conductor {
namespace {

bool holds(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

/// A record of Ollama's that is the last one. What a text or a tool's arguments say of
/// being done is no such thing.
bool is_last_object(std::string_view record) {
  json_scanner in{record};
  bool last = false;
  in.object([&](std::string_view key) {
    const auto value = in.value();
    last = last || key == "error" || (key == "done" && value == "true") ||
           (key == "status" && value == "\"success\"");
  });
  return last;
}

/// Whether an event is of that type, as its field says or, where a server leaves that
/// out, its data.
bool is_event(std::string_view record, std::string_view type) {
  const auto quoted = '"' + std::string{type} + '"';
  while (!record.empty()) {
    const auto end = std::min(record.find('\n'), record.size());
    auto line = record.substr(0, end);
    record.remove_prefix(std::min(end + 1, record.size()));
    const bool names = line.starts_with("event:");
    if (!names && !line.starts_with("data:"))
      continue;
    line.remove_prefix(line.find(':') + 1);
    if (names) {
      line.remove_prefix(line.starts_with(' ') ? 1 : 0);
      if (line == type)
        return true;
      continue;
    }
    json_scanner data{line};
    bool same = false;
    data.object([&](std::string_view key) {
      const auto value = data.value();
      same = same || (key == "type" && value == quoted);
    });
    if (same)
      return true;
  }
  return false;
}

} // namespace

record_splitter::record_splitter(std::string_view content_type, int status,
                                 dialect speaks, std::size_t max_record)
    : speaks_(speaks), max_record_(max_record), end_(speaks) {
  if (content_type.starts_with("application/x-ndjson"))
    kind_ = kind::ndjson;
  else if (content_type.starts_with("text/event-stream"))
    kind_ = kind::sse;
  checked_ = status == 200 && kind_ != kind::opaque;
}

/// How much of `text` is whole records.
std::size_t record_splitter::end_of_records(std::string_view text) const {
  const auto mark =
      kind_ == kind::ndjson ? std::string_view{"\n"} : std::string_view{"\n\n"};
  const auto at = find_last(text, mark);
  return at == std::string_view::npos ? 0 : at + mark.size();
}

std::string_view record_splitter::push(std::string_view text) {
  if (too_long_)
    return {};
  if (kind_ == kind::opaque) {
    end_.add_part(text);
    return text;
  }
  std::size_t whole = 0;
  if (held_.empty()) {
    whole = end_of_records(text);
    held_ = text.substr(whole);
    text = text.substr(0, whole);
  } else {
    // An event's end may lie across the border, so the search begins one byte before it.
    const auto from = held_.size() - 1;
    held_.append(text);
    whole = end_of_records(std::string_view{held_}.substr(from));
    whole = whole == 0 ? 0 : whole + from;
    out_.assign(held_, 0, whole);
    held_.erase(0, whole);
    text = out_;
  }
  if (held_.size() > max_record_) {
    too_long_ = true;
    return {};
  }
  if (!text.empty())
    remember(text);
  return text;
}

/// The last three of them. Blank lines between or behind records are no records.
void record_splitter::remember(std::string_view records) {
  const auto mark =
      kind_ == kind::ndjson ? std::string_view{"\n"} : std::string_view{"\n\n"};
  std::array<std::string_view, 3> found;
  std::size_t n = 0;
  while (n < found.size()) {
    const auto end = records.find_last_not_of('\n');
    if (end == std::string_view::npos)
      break;
    records = records.substr(0, end + 1);
    const auto before = find_last(records, mark);
    auto& last = found[n++];
    last =
        before == std::string_view::npos ? records : records.substr(before + mark.size());
    records.remove_suffix(last.size());
    last.remove_prefix(last.find_first_not_of('\n'));
  }
  while (n > 0)
    end_.add_record(found[--n]);
}

bool record_splitter::finished() const {
  if (!checked_)
    return true;
  if (kind_ == kind::ndjson)
    return is_last_object(end_.last());
  switch (speaks_) {
  case dialect::responses:
    return is_event(end_.last(), "response.completed") ||
           is_event(end_.last(), "response.failed") ||
           is_event(end_.last(), "response.incomplete") || is_event(end_.last(), "error");
  case dialect::anthropic:
    return is_event(end_.last(), "message_stop") || is_event(end_.last(), "error");
  default:
    return end_.last() == "data: [DONE]" || holds(end_.last(), "data: {\"error\":");
  }
}

bool record_splitter::ended_with_error() const {
  const std::string_view last{end_.last()};
  return checked_ &&
         (last.starts_with("{\"error\":") || last.starts_with("data: {\"error\":") ||
          last.starts_with("event: error") || last.starts_with("event: response.failed"));
}

} // namespace conductor
