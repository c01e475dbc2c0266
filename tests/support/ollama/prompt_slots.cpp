#include "tests/support/ollama/prompt_slots.hpp"

#include <algorithm>
#include <utility>

namespace conductor::test {

namespace {

// llama.cpp's --slot-prompt-similarity.
constexpr double least_similarity = 0.1;

std::size_t common(const prompt_slots::tokens& a, const prompt_slots::tokens& b) {
  const auto [end, ignored] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(end - a.begin());
}

} // namespace

std::vector<std::string> tokens_of(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::string> all;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty())
      return all;
    const auto mark = text.starts_with("<|") ? text.find("|>") : text.npos;
    const auto end = mark != text.npos
                         ? mark + 2
                         : std::min(text.find_first_of(blanks), text.find("<|", 1));
    all.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end, text.size()));
  }
}

std::optional<prompt_slots::found> prompt_slots::take(const tokens& prompt) {
  std::lock_guard lock(mutex_);
  slot* longest = nullptr;
  slot* oldest = nullptr;
  std::size_t most = 0;
  for (auto& s : slots_) {
    if (s.busy)
      continue;
    if (!oldest || s.used < oldest->used)
      oldest = &s;
    const auto n = common(s.held, prompt);
    if (n > most) {
      most = n;
      longest = &s;
    }
  }
  if (!oldest)
    return {};
  const auto enough = least_similarity * static_cast<double>(prompt.size());
  auto& chosen = longest && static_cast<double>(most) > enough ? *longest : *oldest;
  const auto cached = common(chosen.held, prompt);
  chosen.busy = true;
  chosen.used = ++uses_;
  const auto whole = prompt.empty() ? 0 : prompt.size() - 1;
  return found{static_cast<std::size_t>(&chosen - slots_.data()),
               std::min(cached, whole)};
}

void prompt_slots::give_back(std::size_t slot, tokens held) {
  std::lock_guard lock(mutex_);
  slots_[slot].busy = false;
  slots_[slot].held = std::move(held);
}

} // namespace conductor::test
