#pragma once

#include "adapters/cli/turn.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace conductor::cli {

/// What a person is shown of a conversation as it goes on.
struct session_listener {
  /// Somebody said something: the message's number and text.
  std::function<void(std::uint64_t, const std::string&)> said;
  /// Before its first text: what the answer waits for.
  std::function<void(const std::string&)> waits;
  /// What is new of the answer under way, as a record of `/api/generate`.
  std::function<void(const nlohmann::json&)> tells;
  /// The answer is over.
  std::function<void(const turn&)> over;
  /// The conversation's title or model may be another: an event that says both.
  std::function<void(const nlohmann::json&)> changed;
};

/// Turns the events of a session into what is shown, each message and each piece of text
/// once, also after lost connections and snapshots.
class session_view {
public:
  /// Messages up to number `shown` are known already.
  session_view(std::uint64_t shown, session_listener listener)
      : shown_(shown), listener_(std::move(listener)) {}

  void push(const nlohmann::json& event);

  /// Number of the first event that was not heard, 0: none was.
  std::uint64_t next_event() const { return next_; }

  /// Number of the answer under way, 0: none is, or it is not known yet.
  std::uint64_t answering() const { return turn_ ? turn_->message() : 0; }

private:
  void snapshot(const nlohmann::json& event);
  void message(std::uint64_t number, const std::string& text);
  void answer(const nlohmann::json& event);
  void show(const nlohmann::json& record);

  std::uint64_t shown_;           // the last message that was begun to be shown
  std::uint64_t in_snapshot_ = 0; // the last message of the last snapshot
  session_listener listener_;
  std::uint64_t next_ = 0;
  std::optional<turn> turn_;
};

} // namespace conductor::cli
