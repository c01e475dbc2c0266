#pragma once

#include <caf/actor_addr.hpp>
#include <caf/local_actor.hpp>

#include <utility>

namespace conductor {

/// Tells `self` of the end of another actor while this is held. CAF keeps who asked to be
/// told, with all of his own storage, for as long as the other one lives: whoever may end
/// first holds one of these.
class monitoring {
public:
  monitoring() = default;
  template <class Handle>
  monitoring(caf::local_actor* self, const Handle& other)
      : self_(self), other_(other.address()) {
    self_->monitor(other);
  }
  monitoring(monitoring&& from) noexcept
      : self_(std::exchange(from.self_, nullptr)), other_(std::move(from.other_)) {}
  monitoring& operator=(monitoring from) noexcept {
    std::swap(self_, from.self_);
    std::swap(other_, from.other_);
    return *this;
  }
  ~monitoring() {
    if (self_)
      self_->demonitor(other_);
  }

private:
  caf::local_actor* self_ = nullptr;
  caf::actor_addr other_;
};

} // namespace conductor
