#include "adapters/cli/prompt/session_view.hpp"

#include "adapters/cli/record.hpp"

#include <algorithm>

namespace conductor::cli {

namespace {

using nlohmann::json;

std::uint64_t count_of(const json& object, const char* key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_of(object, key)));
}

std::string waiting_text(const json& event, const std::string& type) {
  if (type == "loading")
    return "loading " + text_of(event, "model") + " on " + text_of(event, "backend");
  if (type != "queued")
    return {};
  auto text = "queued, number " + std::to_string(number_of(event, "position"));
  if (auto wait = number_of(event, "eta_ms"); wait > 0)
    text += ", about " + std::to_string((wait + 999) / 1000) + " s";
  return text;
}

bool says_something(const json& record) {
  return !text_of(record, "thinking").empty() || !text_of(record, "response").empty() ||
         !list_of(record, "tool_calls").empty();
}

} // namespace

void session_view::push(const json& event) {
  auto seq = count_of(event, "seq");
  auto type = text_of(event, "type");
  if (type == "snapshot")
    return snapshot(event);
  if (seq < next_)
    return;
  next_ = seq + 1;
  if (type == "message") {
    message(count_of(event, "message"), text_of(event, "content"));
  } else if (type == "changed") {
    in_snapshot_ = 0; // messages may have been taken back: their numbers come again
    listener_.changed(event);
  } else if (event.contains("message") && type != "trimmed" && type != "continued") {
    answer(event);
  }
}

// A snapshot may have a message whose event is still to come.
void session_view::message(std::uint64_t number, const std::string& text) {
  bool known = number <= in_snapshot_;
  if (number >= in_snapshot_)
    in_snapshot_ = 0;
  if (known)
    return;
  shown_ = number;
  listener_.said(number, text);
}

void session_view::answer(const json& event) {
  auto type = text_of(event, "type");
  auto message = count_of(event, "message");
  bool waiting = type == "queued" || type == "loading" || type == "started";
  if (turn_ && turn_->message() != message) {
    if (waiting)
      return; // of the next one, while this one is not over
    turn_.reset();
  }
  if (!turn_)
    turn_.emplace();
  shown_ = message;
  auto record = turn_->push(event);
  if (waiting)
    listener_.waits(waiting_text(event, type));
  if (record)
    show(*record);
}

void session_view::show(const json& record) {
  if (says_something(record))
    listener_.tells(record);
  if (turn_->is() == turn::state::open)
    return;
  auto ended = std::move(*turn_);
  turn_.reset();
  listener_.over(ended);
}

void session_view::snapshot(const json& event) {
  next_ = std::max({next_, count_of(event, "next"), count_of(event, "seq") + 1});
  listener_.changed(event);
  auto part = event; // a snapshot of one message
  auto under_way = answering();
  bool found = false;
  for (const auto& message : list_of(event, "messages")) {
    auto number = count_of(message, "seq");
    in_snapshot_ = number;
    bool answers = text_of(message, "role") == "assistant";
    if (number <= shown_ && !(answers && turn_ && number == under_way))
      continue;
    shown_ = std::max(shown_, number);
    found = found || number == under_way;
    if (!answers) {
      listener_.said(number, text_of(message, "content"));
      continue;
    }
    if (!turn_)
      turn_.emplace();
    part["messages"] = json::array({message});
    if (auto record = turn_->push(part))
      show(*record);
  }
  if (under_way != 0 && !found && turn_) {
    part["messages"] = json::array();
    if (auto record = turn_->push(part))
      show(*record);
  }
}

} // namespace conductor::cli
