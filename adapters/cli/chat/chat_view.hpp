#pragma once

#include "adapters/cli/chat/chat_list.hpp"
#include "adapters/cli/chat/conversation.hpp"
#include "adapters/cli/chat/transcript.hpp"
#include "adapters/cli/screen/dialog.hpp"
#include "adapters/cli/screen/editor.hpp"
#include "adapters/cli/screen/screen.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace conductor::cli {

/// What somebody at the keys wants of the node and the terminal.
struct chat_orders {
  std::function<void()> quit, suspend, redraw;
  std::function<void(const std::string& session)> open; ///< it is shown from now on
  std::function<void(const std::string& session, const std::string& text)> say;
  std::function<void(const std::string&session)> cancel, regenerate, remove;
  std::function<void(const std::string& session, std::uint64_t message)> fork;
  std::function<void(const std::string& session, const std::string& title)> rename;
  std::function<void(const std::string& model)> create;
  std::function<void(const std::string& text)> seek; ///< sessions by their title
  std::function<void(const std::string& text)> copy;
  std::function<void()> models; ///< which there are shall be offered
  std::function<void(bool)> mouse;
};

/// Conversations side by side, the list of all of them, and what the keys make of them.
/// Knows neither terminal nor connection.
class chat_view {
public:
  explicit chat_view(chat_orders orders) : orders_(std::move(orders)) {}

  void press(const key& k);
  lines frame(std::size_t columns, std::size_t rows, std::optional<cursor>& at);

  /// An event of a session. False: it is not open, or heard it before.
  bool take(const std::string& session, const nlohmann::json& event);

  /// Shows a session where the keys are, or beside what is shown.
  void open(const std::string& session, bool beside = false);
  void close(const std::string& session); ///< it is gone

  /// A text that was not taken: it is typed again, where nothing else is by now.
  void give_back(const std::string& session, const std::string& text);

  /// The sessions that were opened, and the first event of each that was not heard.
  std::vector<std::pair<std::string, std::uint64_t>> followed() const;

  chat_list& list() { return list_; }
  void offer(std::vector<std::string> models);
  void say(std::string notice, bool bad = false);
  void away(std::string why) { away_ = std::move(why); } ///< empty: the node is there
  void begin();                                          ///< asks for a new conversation

private:
  /// A conversation that was opened: what is seen of it and what is being typed stays.
  struct opened {
    conversation talk;
    transcript seen;
    editor input;
  };
  enum class place { input, talk, list };

  opened* current();
  const std::string& current_id() const;

  // keys (chat_keys.cpp)
  bool press_anywhere(const key& k);
  void press_input(const key& k);
  void press_talk(const key& k);
  void press_list(const key& k);
  bool press_letter(const key& k, const std::string& session);
  bool press_order(const key& k, const std::string& session);
  bool scroll(const key& k);
  void click(const key& k);
  void search(int by);
  void copy(bool code);
  void next(int by);
  void send();
  void interrupt();

  // rows (chat_frame.cpp)
  lines pane(const std::string& session, std::size_t columns, std::size_t rows,
             bool focused, std::optional<cursor>& at);
  line head(const opened& o, const std::string& session, std::size_t columns,
            bool focused) const;
  line footer(std::size_t columns) const;
  lines help_rows(std::size_t columns, std::size_t rows) const;
  void add_panes(lines& out, std::size_t columns, std::size_t rows, std::size_t left,
                 std::optional<cursor>& at);

  chat_orders orders_;
  std::map<std::string, opened> opened_;
  std::vector<std::string> panes_; ///< one, or two side by side
  std::size_t pane_ = 0;           ///< the one with the keys
  place focus_ = place::input;
  chat_list list_;
  std::optional<dialog> asked_;
  std::vector<std::string> models_;
  std::string notice_, away_ = "not heard of yet";
  bool bad_ = false, plain_ = false, help_ = false, mouse_ = false, list_hidden_ = false;
  bool quits_ = false; ///< the next Ctrl-C ends it
  std::size_t page_ = 10, list_width_ = 0;
};

/// What the keys do, for people.
lines chat_help();

/// The code of the last fenced block of a text in Markdown; empty: it has none.
std::string last_code(const std::string& markdown);

} // namespace conductor::cli
