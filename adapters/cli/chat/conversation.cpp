#include "adapters/cli/chat/conversation.hpp"

#include "adapters/cli/record.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace conductor::cli {

namespace {

using nlohmann::json;

std::uint64_t count_of(const json& object, const char* key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_of(object, key)));
}

bool under_way(const std::string& state) {
  return state == "queued" || state == "streaming";
}

std::string text_of_calls(const json& calls) {
  return calls.empty() ? "" : calls.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

bool conversation::answering() const {
  return std::any_of(messages_.rbegin(), messages_.rend(), [](const chat_message& m) {
    return m.role == "assistant" && under_way(m.state);
  });
}

// Messages come in order, so the one that is spoken of stands near the end.
chat_message& conversation::message(std::uint64_t seq, const char* role) {
  auto at = std::lower_bound(messages_.begin(), messages_.end(), seq,
                             [](const chat_message& m, auto s) { return m.seq < s; });
  if (at == messages_.end() || at->seq != seq) {
    at = messages_.insert(at, chat_message{});
    at->seq = seq;
    at->role = role;
    at->state = "streaming";
  }
  at->version = ++changes_;
  return *at;
}

void conversation::take_snapshot(const json& event) {
  title_ = text_of(event, "title");
  model_ = text_of(event, "model");
  progress_.clear();
  messages_.clear();
  for (const auto& m : list_of(event, "messages")) {
    if (!m.is_object())
      continue;
    auto& fresh = messages_.emplace_back();
    fresh.seq = count_of(m, "seq");
    fresh.role = text_of(m, "role");
    fresh.content = text_of(m, "content");
    fresh.thinking = text_of(m, "thinking");
    fresh.state = text_of(m, "state");
    fresh.error = text_of(m, "error");
    fresh.model = text_of(m, "model");
    fresh.images = count_of(m, "images");
    fresh.calls = text_of_calls(list_of(m, "tool_calls"));
    fresh.tokens = number_of(list_of(m, "usage"), "completion_tokens");
    fresh.version = ++changes_;
  }
}

void conversation::take_answer(const json& event, const std::string& type) {
  auto& m = message(count_of(event, "message"), "assistant");
  if (type == "delta") {
    m.content += text_of(event, "text");
    progress_.clear();
  } else if (type == "thinking") {
    m.thinking += text_of(event, "text");
    progress_ = "thinks";
  } else if (type == "tool_calls") {
    m.calls += text_of_calls(list_of(event, "tool_calls"));
  } else if (type == "queued") {
    m.state = "queued";
    progress_ = "waits at place " + std::to_string(number_of(event, "position"));
  } else if (type == "loading") {
    progress_ = "loads " + text_of(event, "model") + " at " + text_of(event, "backend");
  } else if (type == "started") {
    m.state = "streaming";
    m.model = text_of(event, "model");
    progress_ = "reads, at " + text_of(event, "backend");
  } else if (type == "continued") {
    progress_ = "goes on at " + text_of(event, "backend");
  } else {
    m.state = type == "error" ? "failed" : type;
    m.error = type == "error" ? text_of(event, "detail") : "";
    m.tokens = number_of(list_of(event, "usage"), "completion_tokens");
    progress_.clear();
    error_ = m.error;
  }
}

bool conversation::take(const json& event) {
  auto seq = count_of(event, "seq");
  auto type = text_of(event, "type");
  if (type == "snapshot") {
    known_ = true;
    auto next = count_of(event, "next");
    last_ = std::max(seq, next == 0 ? 0 : next - 1);
    take_snapshot(event);
    return true;
  }
  if (seq <= last_)
    return false;
  last_ = seq;
  if (type == "changed") {
    title_ = text_of(event, "title");
    model_ = text_of(event, "model");
  } else if (type == "message") {
    auto& m = message(count_of(event, "message"), "user");
    m.role = text_of(event, "role");
    m.content = text_of(event, "content");
    m.state = "done";
    error_.clear();
  } else if (type == "queued" || type == "loading" || type == "started" ||
             type == "delta" || type == "thinking" || type == "tool_calls" ||
             type == "continued" || type == "done" || type == "cancelled" ||
             type == "error") {
    take_answer(event, type);
  }
  return true;
}

} // namespace conductor::cli
