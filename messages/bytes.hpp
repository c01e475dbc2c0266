#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace conductor {

/// An immutable run of bytes, shared by reference count: what one reader holds, all hold.
/// Copying and slicing copy no byte; any thread may hold one.
class bytes {
public:
  bytes() = default;

  /// The only copy ever made of a record: out of the socket's buffer.
  static bytes copy_of(std::string_view text) {
    auto owner = std::make_shared_for_overwrite<char[]>(text.size());
    std::memcpy(owner.get(), text.data(), text.size());
    bytes b;
    b.view_ = {owner.get(), text.size()};
    b.owner_ = std::move(owner);
    return b;
  }

  /// Takes over a string without copying it.
  static bytes adopt(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    bytes b;
    b.view_ = *owner;
    b.owner_ = std::move(owner);
    return b;
  }

  std::string_view view() const noexcept { return view_; }
  std::size_t size() const noexcept { return view_.size(); }
  bool empty() const noexcept { return view_.empty(); }

  /// At most `length` bytes from `from`, sharing the same memory.
  bytes slice(std::size_t from, std::size_t length = std::string_view::npos) const {
    bytes b = *this;
    b.view_ = view_.substr(from, length);
    return b;
  }

private:
  std::shared_ptr<const void> owner_;
  std::string_view view_;
};

} // namespace conductor
