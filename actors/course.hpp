#pragma once

#include "config/settings.hpp"
#include "messages/fleet.hpp"

#include <algorithm>
#include <utility>

namespace conductor {

/// Notes how an answer comes about: one attempt after the other. Pure: fed with times.
class course_notes {
public:
  using time_point = attempt::time_point;

  /// A place is asked for: for the first time, or because the attempt before was lost.
  void asked(time_point now) {
    if (course_.now.asked != time_point{})
      course_.before.push_back(std::exchange(course_.now, {}));
    course_.now.asked = now;
  }
  void got(const lease& l, time_point now) {
    auto& a = course_.now;
    a.backend = l.backend;
    if (l.server) {
      a.host = l.server->url.host;
      a.port = l.server->url.port;
    }
    a.leased = now;
    if (l.load_ended > a.asked) { // else somebody waited for it who had the lease before
      a.load_began = std::max(l.load_began, a.asked);
      a.load_ended = l.load_ended;
    }
  }
  void first_record(time_point now) { course_.now.first = now; }
  /// The attempt is over, once: its last record came then, or it was lost.
  void ended(time_point last, std::optional<errc> lost = {}) {
    if (course_.now.last != time_point{})
      return;
    course_.now.last = last;
    course_.now.lost = lost;
  }

  const answer_course& so_far() const noexcept { return course_; }

private:
  answer_course course_;
};

} // namespace conductor
