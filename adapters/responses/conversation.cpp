#include "adapters/responses/conversation.hpp"

#include "adapters/native/ask_session.hpp"
#include "adapters/native/json_input.hpp"
#include "adapters/native/session_id.hpp"
#include "adapters/responses/function_calls.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using on_ready = std::function<void(const session_info&, say)>;

say saying(const response_request& wish, const session_record& record) {
  say s;
  s.messages = wish.messages;
  name_functions(s.messages, record.messages);
  s.settings = wish.settings;
  s.key = wish.key;
  return s;
}

void create(feed_ptr self, const response_request& wish, on_ready ready) {
  auto first = saying(wish, {});
  create_session c;
  auto& info = c.start.info;
  info.id = new_session_id();
  info.model = wish.model;
  info.title = wish.title;
  info.system = wish.system;
  info.metadata = wish.metadata;
  const auto& by = self->state.asked->by;
  info.key = key_of_owner(by, wish.key);
  info.owner = owner_of(by);
  info.key_digest = wish.key_digest;
  self->request(self->state.sessions(), caf::infinite, std::move(c))
      .then([ready, first = std::move(first)](
                const created_session& c) { ready(c.made->info, first); },
            [self](const caf::error& e) { feeding::fail(self, e); });
}

/// What of the session is not as the request wants it; empty: nothing.
std::optional<change_session> needed_change(const response_request& wish,
                                            const session_info& info) {
  change_session c;
  if (!wish.model.empty() && wish.model != info.model)
    c.model = wish.model;
  if (wish.system != info.system)
    c.system = wish.system;
  c.metadata = wish.metadata;
  if (!c.model && !c.system && c.metadata == "{}")
    return std::nullopt;
  c.version = info.version;
  return c;
}

/// In a session whose last message is the answer that is continued.
void speak_after_last(feed_ptr self, const response_request& wish,
                      const session_record& record, on_ready ready) {
  auto s = saying(wish, record);
  auto change = needed_change(wish, record.info);
  if (!change) {
    s.version = record.info.version;
    ready(record.info, std::move(s));
    return;
  }
  ask_session<session_record_ptr>(
      self, self->state.sessions, open_session{record.info.id, {}, self->state.asked->by},
      std::move(*change),
      [ready, s](const session_actor&, const session_record_ptr& changed) {
        auto now = s;
        now.version = changed->info.version;
        ready(changed->info, std::move(now));
      },
      [self, wish, ready](const caf::error& e) {
        if (to_failure(e).code == errc::version_mismatch)
          find_conversation(self, wish, ready);
        else
          feeding::fail(self, e);
      });
}

/// In a copy that ends with the answer that is continued.
void speak_in_fork(feed_ptr self, const response_request& wish, on_ready ready) {
  fork_session copy{wish.previous->session,
                    new_session_id(),
                    wish.previous->message,
                    {},
                    self->state.asked->by};
  self->request(self->state.sessions(), caf::infinite, std::move(copy))
      .then(
          [self, wish, ready](const session_record_ptr& copied) {
            speak_after_last(self, wish, *copied, ready);
          },
          [self](const caf::error& e) { feeding::fail(self, e); });
}

bool came_before(const response_request& wish, const session_record& record) {
  return !wish.key.empty() &&
         std::any_of(record.messages.begin(), record.messages.end(),
                     [&](const session_message& m) { return m.key == wish.key; });
}

void go_on(feed_ptr self, const response_request& wish, const session_record& record,
           on_ready ready) {
  const auto* last = find_answer(record, wish.previous->message);
  if (last == nullptr)
    feeding::fail(self, no_such_response(*wish.previous));
  else if (came_before(wish, record))
    ready(record.info, saying(wish, record));
  else if (!settled(last->state))
    feeding::fail(self, make_error(errc::session_busy, "the response " +
                                                           to_string(*wish.previous) +
                                                           " is still in progress"));
  else if (last != &record.messages.back())
    speak_in_fork(self, wish, std::move(ready));
  else
    speak_after_last(self, wish, record, std::move(ready));
}

} // namespace

const session_message* find_answer(const session_record& record, std::uint64_t message) {
  const auto* m = find_message(record.messages, message);
  return m != nullptr && m->role == "assistant" ? m : nullptr;
}

caf::error no_such_response(const response_id& id) {
  return make_error(errc::not_found,
                    "Response with id '" + to_string(id) + "' not found.");
}

void find_conversation(feed_ptr self, const response_request& wish, on_ready ready) {
  if (!wish.previous) {
    create(self, wish, std::move(ready));
    return;
  }
  ask_session<session_record_ptr>(
      self, self->state.sessions,
      open_session{wish.previous->session, {}, self->state.asked->by}, describe{},
      [self, wish, ready](const session_actor&, const session_record_ptr& record) {
        try {
          go_on(self, wish, *record, ready);
        } catch (const json_input::bad_request& e) {
          feeding::fail(self, make_error(errc::bad_request, e.what()));
        }
      },
      [self, wish](const caf::error& e) {
        feeding::fail(self, to_failure(e).code == errc::session_not_found
                                ? no_such_response(*wish.previous)
                                : e);
      });
}

} // namespace conductor
