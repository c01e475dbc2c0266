#pragma once

#include "adapters/cli/screen/key.hpp"

#include <functional>
#include <string>

namespace conductor::cli {

/// Reads what ncurses has of keys and makes `key`s of it: sequences behind an escape are
/// Alt, what is pasted is one key.
class key_input {
public:
  /// Hands over all that can be read now.
  void read(const std::function<void(const key&)>& on_key);

  /// Tells ncurses the sequences that terminfo has no names for. After newterm.
  static void name_keys();

private:
  void take(int type, unsigned code, const std::function<void(const key&)>& on_key);
  bool special(unsigned code, key& found) const;

  bool escaped_ = false, pasting_ = false;
  std::string pasted_;
};

} // namespace conductor::cli
