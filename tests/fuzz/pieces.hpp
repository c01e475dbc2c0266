#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace conductor::fuzz {

/// Stops the fuzzer: an input breaks what must hold.
inline void must(bool holds) {
  if (!holds)
    __builtin_trap();
}

/// An input: how it is cut into pieces, and its text.
struct input {
  std::size_t step = 1;
  std::string_view text;

  input(const std::uint8_t* data, std::size_t size) {
    if (size > 0)
      step = data[0] + std::size_t{1};
    if (size > 1)
      text = {reinterpret_cast<const char*>(data) + 1, size - 1};
  }
};

} // namespace conductor::fuzz
