#include "adapters/cli/turn.hpp"

#include "adapters/cli/record.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace conductor::cli {

namespace {

using nlohmann::json;

// Events that tell of an answer, and not of another message or the session.
bool tells_of_answer(std::string_view type) {
  static constexpr std::array<std::string_view, 8> types{
      "queued",   "loading",    "started", "delta",
      "thinking", "tool_calls", "done",    "cancelled"};
  return type == "error" || std::find(types.begin(), types.end(), type) != types.end();
}

std::uint64_t count_of(const json& object, const char* key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_of(object, key)));
}

} // namespace

std::string turn::growing::news(const std::string& more) {
  at += more.size();
  if (at <= told)
    return {};
  auto fresh = std::min(more.size(), at - told);
  told = at;
  return more.substr(more.size() - fresh);
}

std::string turn::growing::whole(const std::string& text) {
  at = text.size();
  if (at <= told)
    return {};
  auto fresh = text.substr(told);
  told = at;
  return fresh;
}

std::optional<json> turn::push(const json& event) {
  auto seq = count_of(event, "seq");
  auto type = text_of(event, "type");
  if (type == "snapshot") {
    auto next = count_of(event, "next");
    last_ = std::max({last_, seq, next == 0 ? 0 : next - 1});
    return resume(event);
  }
  if (seq <= last_)
    return std::nullopt;
  last_ = seq;
  if (!tells_of_answer(type))
    return json::object();
  if (message_ == 0)
    message_ = count_of(event, "message");
  return count_of(event, "message") == message_ ? answer(event, type) : json::object();
}

json turn::answer(const json& event, const std::string& type) {
  auto record = json::object();
  if (type == "delta") {
    record["response"] = text_.news(text_of(event, "text"));
  } else if (type == "thinking") {
    record["thinking"] = thinking_.news(text_of(event, "text"));
  } else if (type == "tool_calls") {
    record["tool_calls"] = list_of(event, "tool_calls");
    calls_ += record["tool_calls"].size();
  } else if (type == "done") {
    state_ = state::done;
    const auto &usage = list_of(event, "usage"), &spent = list_of(event, "timings_ns");
    prompt_tokens_ = number_of(usage, "prompt_tokens");
    tokens_ = number_of(usage, "completion_tokens");
    load_ = number_of(spent, "load");
    prompt_ = number_of(spent, "prompt");
    answer_ = number_of(spent, "answer");
    total_ = number_of(spent, "total");
  } else if (type == "cancelled") {
    state_ = state::cancelled;
  } else if (type == "error") {
    fail(text_of(event, "code"), text_of(event, "detail"));
  }
  return record;
}

json turn::resume(const json& snapshot) {
  const json* message = nullptr;
  for (const auto& m : list_of(snapshot, "messages"))
    if (message_ == 0 ? text_of(m, "role") == "assistant"
                      : count_of(m, "seq") == message_)
      message = &m;
  auto record = json::object();
  if (!message) {
    if (message_ != 0)
      fail("lost", "the answer is no longer in the session");
    return record;
  }
  message_ = count_of(*message, "seq");
  record["thinking"] = thinking_.whole(text_of(*message, "thinking"));
  record["response"] = text_.whole(text_of(*message, "content"));
  const auto& calls = list_of(*message, "tool_calls");
  record["tool_calls"] = json::array();
  for (; calls_ < calls.size(); ++calls_)
    record["tool_calls"].push_back(calls[calls_]);
  auto stands = text_of(*message, "state");
  if (stands == "done") {
    state_ = state::done;
    const auto& usage = list_of(*message, "usage");
    prompt_tokens_ = number_of(usage, "prompt_tokens");
    tokens_ = number_of(usage, "completion_tokens");
  } else if (stands == "cancelled") {
    state_ = state::cancelled;
  } else if (stands == "interrupted") {
    fail(stands, "the answer was interrupted");
  } else if (stands == "failed") {
    fail(stands, text_of(*message, "error"));
  }
  return record;
}

void turn::fail(std::string code, std::string error) {
  state_ = state::failed;
  code_ = std::move(code);
  error_ = error.empty() ? "the answer failed" : std::move(error);
}

json turn::numbers() const {
  return {{"total_duration", total_},
          {"load_duration", load_},
          {"prompt_eval_count", prompt_tokens_},
          {"prompt_eval_duration", prompt_},
          {"eval_count", tokens_},
          {"eval_duration", answer_}};
}

} // namespace conductor::cli
