#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace conductor::cli {

/// A message of a conversation as the node told it so far.
struct chat_message {
  std::uint64_t seq = 0; ///< counts messages from 1
  std::string role, content, thinking, state, error, model;
  std::uint64_t images = 0;
  std::string calls;         ///< of tools, as JSON
  std::int64_t tokens = 0;   ///< of a whole answer
  std::uint64_t version = 0; ///< another one when something of it changed
};

/// A session's messages, put together from its events across lost connections: each
/// event is heard once.
class conversation {
public:
  /// Takes an event of the session. False: it was heard before.
  bool take(const nlohmann::json& event);

  const std::string& title() const { return title_; }
  const std::string& model() const { return model_; }
  const std::vector<chat_message>& messages() const { return messages_; }

  /// Whether the node told it at all.
  bool known() const { return known_; }

  /// The first event that was not heard; 0: none was.
  std::uint64_t next_event() const { return last_ == 0 ? 0 : last_ + 1; }

  /// Whether an answer is under way, and how far it is, for people.
  bool answering() const;
  const std::string& progress() const { return progress_; }

  /// What went wrong with the last answer; empty: nothing.
  const std::string& error() const { return error_; }

private:
  void take_snapshot(const nlohmann::json& event);
  void take_answer(const nlohmann::json& event, const std::string& type);
  chat_message& message(std::uint64_t seq, const char* role);

  std::string title_, model_, progress_, error_;
  std::vector<chat_message> messages_;
  std::uint64_t last_ = 0, changes_ = 0;
  bool known_ = false;
};

} // namespace conductor::cli
