#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace conductor::cli {

/// The messages that were entered, oldest first, in a file that only its owner may read.
/// Several prompts may add to it at once. What cannot be read or written is left out
/// silently: a prompt works without.
class history_file {
public:
  static constexpr std::size_t most = 100; ///< entries that are read

  /// An empty path: nothing is kept.
  explicit history_file(std::string path) : path_(std::move(path)) {}

  /// The last entries. Shortens a file that has grown far beyond them.
  std::vector<std::string> read() const;
  void add(const std::string& entry) const;

private:
  std::string path_;
};

/// `$XDG_STATE_HOME/conductor/history`, or the same in `~/.local/state`; empty without a
/// home. Makes the folders.
std::string history_path();

/// An entry as one line of the file, and back.
std::string history_line(const std::string& entry);
std::string history_entry(const std::string& line);

} // namespace conductor::cli
