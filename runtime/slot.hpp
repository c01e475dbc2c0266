#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace conductor {

/// The present holder of a role that SUPERVISOR may hand to a new actor, or another value
/// that is replaced as a whole. Any thread.
template <class Handle>
class slot {
public:
  void set(Handle h) {
    std::atomic_store(&held_, std::make_shared<const Handle>(std::move(h)));
  }
  void clear() { std::atomic_store(&held_, std::shared_ptr<const Handle>{}); }
  /// The holder; a null handle before the first and after the last.
  Handle get() const {
    const auto h = std::atomic_load(&held_);
    return h ? *h : Handle{};
  }

private:
  std::shared_ptr<const Handle> held_;
};

} // namespace conductor
