#pragma once

#include "messages/session.hpp"

#include <cstdint>
#include <deque>

namespace conductor {

/// A session's events: the latest, each with a number that was never used before.
///
/// Numbers are given only as far as STORE knows them to be reserved, so that none is used
/// again after a crash; an event that finds no number left waits for one.
class event_log {
public:
  /// No number up to `reserved` is given again.
  explicit event_log(std::uint64_t reserved = 0)
      : next_(reserved + 1), durable_(reserved) {}

  /// Appends an event; text that waits for a number takes the text after it in.
  void append(session_event e);
  /// STORE has taken the reservation of numbers up to `last`.
  void reserved(std::uint64_t last);

  /// Number of the next event.
  std::uint64_t next() const noexcept { return next_; }
  /// Number that the next event to be appended will have.
  std::uint64_t upcoming() const noexcept { return next_ + waiting_.size(); }
  /// Event of that number; null: no longer kept.
  event_ptr at(std::uint64_t number) const;

  /// How far numbers should be reserved, where `last` is reserved so far.
  std::uint64_t wanted(std::uint64_t last) const noexcept;

private:
  void number();

  std::deque<event_ptr> kept_;
  std::deque<session_event> waiting_;
  std::uint64_t next_;
  std::uint64_t durable_;
};

} // namespace conductor
