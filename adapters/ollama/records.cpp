#include "adapters/ollama/records.hpp"

#include "adapters/json/scan.hpp"

#include <algorithm>
#include <charconv>

namespace conductor {
namespace {

std::uint64_t number_after(std::string_view record, std::string_view key) {
  const auto at = record.rfind(key);
  if (at == std::string_view::npos)
    return 0;
  auto digits = record.substr(at + key.size());
  while (digits.starts_with(' ') || digits.starts_with(':'))
    digits.remove_prefix(1);
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

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
    : speaks_(speaks), max_record_(max_record) {
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
  const auto at = text.rfind(mark);
  return at == std::string_view::npos ? 0 : at + mark.size();
}

std::string_view record_splitter::push(std::string_view text) {
  if (kind_ == kind::opaque || too_long_)
    return too_long_ ? std::string_view{} : text;
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

/// Blank lines between or behind records are no records.
void record_splitter::remember(std::string_view records) {
  const auto mark =
      kind_ == kind::ndjson ? std::string_view{"\n"} : std::string_view{"\n\n"};
  const auto end = records.find_last_not_of('\n');
  if (end == std::string_view::npos)
    return;
  records = records.substr(0, end + 1);
  const auto before = records.rfind(mark);
  last_ =
      before == std::string_view::npos ? records : records.substr(before + mark.size());
  last_.erase(0, last_.find_first_not_of('\n'));
}

bool record_splitter::finished() const {
  if (!checked_)
    return true;
  if (kind_ == kind::ndjson)
    return is_last_object(last_);
  switch (speaks_) {
  case dialect::responses:
    return is_event(last_, "response.completed") || is_event(last_, "response.failed") ||
           is_event(last_, "response.incomplete") || is_event(last_, "error");
  case dialect::anthropic:
    return is_event(last_, "message_stop") || is_event(last_, "error");
  default:
    return last_ == "data: [DONE]" || holds(last_, "data: {\"error\":");
  }
}

bool record_splitter::ended_with_error() const {
  const std::string_view last{last_};
  return checked_ &&
         (last.starts_with("{\"error\":") || last.starts_with("data: {\"error\":") ||
          last.starts_with("event: error") || last.starts_with("event: response.failed"));
}

usage record_splitter::counters() const {
  usage u;
  if (kind_ != kind::ndjson)
    return u;
  u.prompt_tokens = number_after(last_, "\"prompt_eval_count\"");
  u.answer_tokens = number_after(last_, "\"eval_count\"");
  u.load_ns = number_after(last_, "\"load_duration\"");
  u.prompt_ns = number_after(last_, "\"prompt_eval_duration\"");
  u.answer_ns = number_after(last_, "\"eval_duration\"");
  u.total_ns = number_after(last_, "\"total_duration\"");
  return u;
}

std::string record_splitter::reason() const {
  std::string reason;
  if (kind_ != kind::ndjson)
    return reason;
  json_scanner in{last_};
  in.object([&](std::string_view key) {
    const auto value = in.value();
    if (key == "done_reason" && value.size() > 2 && value.starts_with('"'))
      reason = value.substr(1, value.size() - 2);
  });
  return reason;
}

} // namespace conductor
