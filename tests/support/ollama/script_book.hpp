#pragma once

#include "tests/support/ollama/script.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace conductor::test {

/// Which script the next request gets: the first of a one-shot for its route, a one-shot
/// for any answer, the route's lasting script, the default. Safe from every thread.
class script_book {
public:
  /// The route of requests that only load or unload a model.
  static constexpr std::string_view load = "load";
  /// The route of requests for a rendered prompt.
  static constexpr std::string_view render = "render";

  script take(std::string_view route, bool is_answer);

  void set_default(script s);
  /// For the next answer, whatever its route. One after the other.
  void next(script s);
  /// For the next request of that route. One after the other.
  void on(std::string route, script s);
  /// For every request of that route from now on.
  void always(std::string route, script s);
  void reset();

private:
  std::mutex mutex_;
  script default_;
  std::deque<script> next_;
  std::map<std::string, std::deque<script>, std::less<>> once_;
  std::map<std::string, script, std::less<>> always_;
};

} // namespace conductor::test
