#pragma once

#include "adapters/cli/screen/editor.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace conductor::cli {

/// A question in the last rows of the screen: yes or no, a text, or one of a list that
/// what is typed narrows.
class dialog {
public:
  using answer = std::function<void(const std::string&)>;

  /// Asks whether; `yes` hears "y".
  static dialog confirm(std::string question, answer yes);

  /// Asks for a text, at first `text`; `as_typed` hears each change too.
  static dialog ask(std::string question, std::string text, answer done,
                    answer as_typed = nullptr);

  /// Asks for one of `items`, or, with `free`, for any text.
  static dialog choose(std::string question, std::vector<std::string> items, answer done,
                       bool free = false);

  /// Takes every key. True: it is over, and who asked has heard of it, or it was given
  /// up.
  bool press(const key& k);

  /// Items that came later.
  void offer(std::vector<std::string> items) { items_ = std::move(items); }

  /// Its rows, at most `rows`, and the cursor in them, if it has one.
  lines view(std::size_t columns, std::size_t rows, std::optional<cursor>& at) const;

private:
  enum class kind { confirm, ask, choose };
  dialog(kind is, std::string question, answer done)
      : is_(is), question_(std::move(question)), done_(std::move(done)) {}
  std::vector<std::string> fitting() const;

  kind is_;
  std::string question_;
  answer done_, as_typed_;
  editor text_{false};
  std::vector<std::string> items_;
  std::size_t chosen_ = 0;
  bool free_ = false;
};

/// Gives the key to the question that is asked, and ends that when it is over: an answer
/// may ask the next one. False: none is asked.
bool press_asked(std::optional<dialog>& asked, const key& k);

} // namespace conductor::cli
