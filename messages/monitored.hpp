#pragma once

#include <caf/actor_addr.hpp>
#include <caf/local_actor.hpp>

#include <utility>

namespace conductor {

/// A handle of another actor, whose end is told to `self` while this holds it. CAF keeps
/// who asked to be told, with all of his own storage, for as long as the other one lives:
/// whoever may end first holds one of these.
template <class Handle>
class monitored {
public:
  monitored() = default;
  monitored(caf::local_actor* self, Handle other)
      : self_(self), other_(std::move(other)) {
    self_->monitor(other_);
  }
  monitored(monitored&& from) noexcept
      : self_(std::exchange(from.self_, nullptr)), other_(std::move(from.other_)) {}
  monitored& operator=(monitored from) noexcept {
    std::swap(self_, from.self_);
    std::swap(other_, from.other_);
    return *this;
  }
  ~monitored() {
    if (self_)
      self_->demonitor(other_.address());
  }

  explicit operator bool() const { return self_ != nullptr; }
  const Handle& operator*() const { return other_; }

  /// Whether it holds the actor of this address, or with this control block.
  template <class Who>
  bool is(const Who& who) const {
    return self_ != nullptr && other_.address() == who;
  }

private:
  caf::local_actor* self_ = nullptr; ///< null: holds none
  Handle other_;
};

} // namespace conductor
