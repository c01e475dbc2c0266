#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace conductor::test {

/// SHA-256 of bytes that come in pieces.
class sha256 {
public:
  sha256();
  ~sha256();
  void add(std::string_view bytes);
  /// 64 lower-case digits; ends the sum.
  std::string hex();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace conductor::test
