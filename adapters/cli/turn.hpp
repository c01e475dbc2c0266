#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace conductor::cli {

/// One answer of a session, put together from the events that tell of it, across lost
/// connections and snapshots: everything is told once.
class turn {
public:
  enum class state { open, done, cancelled, failed };

  /// Takes the next event. Returns what is new of the answer as a record of
  /// `/api/generate`, with nothing in it if nothing is; empty: the event was heard
  /// before.
  std::optional<nlohmann::json> push(const nlohmann::json& event);

  state is() const { return state_; }

  /// Number of the answer among the session's messages, 0 until an event tells.
  std::uint64_t message() const { return message_; }

  /// Number of the first event that was not heard, 0 until one was.
  std::uint64_t next_event() const { return last_ == 0 ? 0 : last_ + 1; }

  /// Why it failed: a word for programs and a text for people.
  const std::string& code() const { return code_; }
  const std::string& error() const { return error_; }

  /// Numbers of an answer that is done, as in the last record of `/api/generate`.
  nlohmann::json numbers() const;

private:
  // Of a text that only grows: how much arrived here, and how much was told.
  struct growing {
    std::size_t at = 0, told = 0;
    std::string news(const std::string& more);  // what `more` adds
    std::string whole(const std::string& text); // what `text` adds, all of it so far
  };

  nlohmann::json answer(const nlohmann::json& event, const std::string& type);
  nlohmann::json resume(const nlohmann::json& snapshot);
  void fail(std::string code, std::string error);

  growing text_, thinking_;
  std::size_t calls_ = 0;
  std::uint64_t last_ = 0, message_ = 0;
  state state_ = state::open;
  std::string code_, error_;
  std::int64_t load_ = 0, prompt_ = 0, answer_ = 0, total_ = 0; // ns
  std::int64_t prompt_tokens_ = 0, tokens_ = 0;
};

} // namespace conductor::cli
