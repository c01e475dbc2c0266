#pragma once

#include <string>

namespace conductor::cli {

/// The turning mark that says that something is under way.
class spinner {
public:
  /// The next of its pictures, one column wide.
  std::string next() {
    static constexpr const char* pictures[] = {"⠋", "⠙", "⠹", "⠸", "⠼",
                                               "⠴", "⠦", "⠧", "⠇", "⠏"};
    return pictures[at_++ % 10];
  }

private:
  unsigned at_ = 0;
};

} // namespace conductor::cli
