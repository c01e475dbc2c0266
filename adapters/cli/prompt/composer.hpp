#pragma once

#include <optional>
#include <string>

namespace conductor::cli {

/// What was entered at the prompt, whole.
struct entry {
  enum class kind {
    message,
    command, ///< begins with `/`
    system   ///< the text of `/set system`
  };
  kind is;
  std::string text;
  bool operator==(const entry&) const = default;
};

/// Puts lines together: `"""` to `"""` is one message, and so are lines that were pasted
/// or ended by Ctrl-j together with the line after them.
class composer {
public:
  /// The next line that was entered. Empty: the message goes on.
  std::optional<entry> push(const std::string& line);

  /// A line that the next one belongs to.
  void hold(const std::string& line) { held_ += line + "\n"; }

  /// Whether lines were taken that wait for more, and which.
  bool open() const { return quoted_ || !held_.empty(); }
  const std::string& lines() const { return held_; }

  void reset() { *this = {}; }

private:
  entry finished(std::string text);

  std::string held_; // each line with its line feed
  bool quoted_ = false;
  entry::kind is_ = entry::kind::message;
};

/// Lines as they stand behind the prompts, the first of them at the beginning of a
/// message or after another one.
std::string as_entered(const std::string& lines, bool first);

} // namespace conductor::cli
