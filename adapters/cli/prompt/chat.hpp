#pragma once

#include "adapters/cli/answer.hpp"
#include "adapters/cli/background_request.hpp"
#include "adapters/cli/client.hpp"
#include "adapters/cli/prompt/console.hpp"
#include "adapters/cli/prompt/session_feed.hpp"
#include "adapters/cli/prompt/session_view.hpp"
#include "adapters/cli/run.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace conductor::cli {

/// One person's conversation with the node: what they enter becomes requests, what the
/// session tells becomes text. The session is made at the first message, and followed
/// from then on, so that what others say in it is seen too.
class chat {
public:
  explicit chat(const run_options& options);

  /// Talks until the person leaves. Returns the exit code, throws failure.
  int run();

private:
  using json = nlohmann::ordered_json;
  using words = std::vector<std::string>;

  // The conversation (chat.cpp)
  void begin();
  void ask(const std::string& text);
  void follow(request what);
  void send(request what);
  void make_session();
  void attach(const std::string& id, bool show);
  void follow_events(std::uint64_t shown);
  void detach();
  void farewell();
  std::string called() const; // the title in quotes, else the id
  // What it tells, and Ctrl-c (chat_events.cpp)
  void interrupt();
  void said(const std::string& text);
  void tells(const nlohmann::json& record);
  void over(const turn& answer);
  void changed(const nlohmann::json& event);
  void note(const std::string& lines);

  // Commands (chat_commands.cpp)
  bool command(const std::string& line); // false: leave
  void dispatch(const std::string& name, const words& args, const std::string& rest);
  void session_command(const std::string& name, const std::string& rest);
  void rewind(const std::string& count);
  void fork(const std::string& title);
  bool knows_model(const std::string& model);
  nlohmann::json shown_model(const std::string& model);
  json session_now();
  // What /set and /show do (chat_settings.cpp)
  void set(const words& args);
  void set_think(const words& args);
  void set_system(const std::string& text);
  void show(const words& args);
  void apply(const json& change);
  // Models and files (chat_transfer.cpp)
  void load(const std::string& model);
  void save(const std::string& model);
  void use_model(const std::string& model);
  void export_to(const std::string& file);
  void statistics_text();

  run_options options_;
  client node_;
  std::string id_, title_, model_; // id_ is empty until there is something to keep
  json settings_ = json::object(); // as the session has them, or will
  bool takes_files_ = false, thinks_ = false;
  std::optional<console> console_;

  std::optional<session_view> view_;
  std::optional<session_feed> feed_;
  std::optional<answer> shown_;              // of the answer under way
  std::optional<std::string> own_;           // what was said here and not heard back yet
  std::uint64_t wanted_ = 0, last_over_ = 0; // answers, by number
  bool asking_ = false, cancelling_ = false, given_up_ = false, gone_ = false;
  std::optional<background_request> asked_, cancel_;
  std::optional<std::exception_ptr> asked_end_;
  std::optional<nlohmann::json> numbers_; // of the last answer
};

} // namespace conductor::cli
