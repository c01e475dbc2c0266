#pragma once

#include "messages/session.hpp"

#include <caf/sec.hpp>

#include <functional>
#include <string>
#include <utility>

namespace conductor {

/// Asks the SESSION of that id, which SESSIONS finds. A session may leave memory while a
/// message is on its way to it; the message was then not read, and is sent to the one
/// that takes its place. `then(session, answer)` or `fail(error)` is called.
template <class Answer, class Self, class Message>
void ask_session(Self* self, std::function<sessions_actor()> sessions, open_session which,
                 Message m, std::function<void(const session_actor&, const Answer&)> then,
                 std::function<void(const caf::error&)> fail) {
  const auto found = [=](const session_actor& s) {
    const auto unread = [=](const caf::error& e) {
      if (e == caf::sec::request_receiver_down && s.address() != which.but)
        ask_session<Answer>(self, sessions, open_session{which.id, s.address(), which.by},
                            m, then, fail);
      else
        fail(e);
    };
    self->request(s, caf::infinite, m)
        .then([=](const Answer& answer) { then(s, answer); }, unread);
  };
  self->request(sessions(), caf::infinite, which).then(found, fail);
}

} // namespace conductor
