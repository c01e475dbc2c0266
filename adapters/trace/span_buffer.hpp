#pragma once

#include <cstddef>
#include <deque>
#include <string>

namespace conductor {

/// Spans on their way to the collector, bounded: what finds no room is dropped.
class span_buffer {
public:
  /// A text of several spans.
  struct part {
    std::string text;
    std::size_t spans = 0;
  };

  explicit span_buffer(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// False: it has no room for them.
  bool add(part p);

  /// A part like those it has finds no room: no use in making one.
  bool full() const noexcept {
    return !parts_.empty() && bytes_ + bytes_ / parts_.size() > most_bytes_;
  }

  /// The oldest ones, as one list's text; at least one part, where there is any.
  part take(std::size_t most_spans, std::size_t most_bytes);

  bool empty() const noexcept { return parts_.empty(); }
  std::size_t spans() const noexcept { return spans_; }
  std::size_t bytes() const noexcept { return bytes_; }

private:
  std::size_t most_bytes_;
  std::size_t spans_ = 0;
  std::size_t bytes_ = 0;
  std::deque<part> parts_;
};

} // namespace conductor
