#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::test {

/// A text as the model reads it: words, and marks such as `<|user|>`.
std::vector<std::string> tokens_of(std::string_view text);

/// The prompt cache of one loaded model, as llama.cpp keeps it without its copies in host
/// memory: each slot holds the last prompt and answer that it worked on. Safe from every
/// thread.
class prompt_slots {
public:
  using tokens = std::vector<std::string>;

  /// What a prompt found.
  struct found {
    std::size_t slot;
    std::size_t cached; ///< tokens that need not be evaluated; never all
  };

  explicit prompt_slots(std::size_t count) : slots_(count) {}

  /// The idle slot that holds the longest beginning of the prompt, if that is more than a
  /// tenth of it, else the one that was not used for longest. Empty: all are busy.
  std::optional<found> take(const tokens& prompt);

  /// The slot is idle, and holds that from now on.
  void give_back(std::size_t slot, tokens held);

private:
  struct slot {
    tokens held;
    bool busy = false;
    std::size_t used = 0; ///< counts uses of all slots
  };

  std::mutex mutex_;
  std::vector<slot> slots_;
  std::size_t uses_ = 0;
};

} // namespace conductor::test
