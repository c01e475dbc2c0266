#include "adapters/native/feed.hpp"

#include "adapters/native/ask_session.hpp"
#include "messages/admission.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace conductor {
namespace {

constexpr std::size_t events_at_once = 64;
constexpr auto silence = std::chrono::seconds(15);

/// The client has all that was written.
bool is_taken(const feed_state& st) {
  return st.ready.empty() && st.out.empty();
}

/// A snapshot may be long, and goes out in many parts: none is copied.
void publish(feed_ptr self) {
  auto& st = self->state;
  if (!st.reader || !st.told)
    return;
  while (st.demanded > 0 && !is_taken(st)) {
    if (st.ready.empty())
      st.ready = bytes::adopt(std::exchange(st.out, {}));
    auto part = st.ready.slice(0, st.demanded);
    st.demanded -= part.size();
    st.ready = st.ready.slice(part.size());
    self->send(*st.reader, next{std::move(part)});
  }
  st.held.set(st.out.size() + st.ready.size());
  if (st.ended && is_taken(st)) {
    self->send(*st.reader, complete{});
    self->quit();
  }
}

void tell_head(feed_ptr self, int status, std::string type,
               std::optional<std::uint64_t> length = {},
               std::vector<header_field> more = {}) {
  auto& st = self->state;
  if (!st.reader || std::exchange(st.told, true))
    return;
  auto head = std::make_shared<response_head>();
  head->status = status;
  head->headers = {{"Content-Type", std::move(type)}};
  std::move(more.begin(), more.end(), std::back_inserter(head->headers));
  head->length = length;
  self->send(*st.reader, started{std::move(head)});
}

/// Who only follows would keep a draining node for as long as he likes: he is let go once
/// he was told of all turns, and asks the next node for what comes after his last event.
void end_when_drained(feed_ptr self) {
  auto& st = self->state;
  if (!st.draining || st.turn || !st.session)
    return;
  self->request(*st.session, caf::infinite, drain{})
      .then(
          [self](const drained&) {
            self->state.ended = true;
            publish(self);
          },
          [](const caf::error&) {}); // it has ended: the one in its place is asked
}

/// Follows the session's events from `next` on.
void follow_on(feed_ptr self, const session_actor& session) {
  auto& st = self->state;
  st.session = {self, session};
  if (auto type = st.surface->content_type(); !type.empty() && !st.told) {
    tell_head(self, 200, std::move(type));
    if (!st.surface->sign_of_life().empty())
      self->delayed_send(self, silence, tick{});
  }
  self->send(session, follow{caf::actor_cast<follower_actor>(self), st.next});
  self->send(session, more{events_at_once});
  end_when_drained(self);
}

/// Finds the session, or the one that takes its place, and follows it.
void join_session(feed_ptr self, const caf::actor_addr& but) {
  auto& st = self->state;
  self->request(st.sessions(), caf::infinite, open_session{st.id, but, st.asked->by})
      .then([self](const session_actor& s) { follow_on(self, s); },
            [self](const caf::error& e) { feeding::fail(self, e); });
}

/// Adds to what is written; false: the node has no memory for it, and the client is told.
bool write(feed_ptr self, const session_event& e) {
  auto& st = self->state;
  auto text = st.surface->write(e);
  if (text.size() > never_refused)
    if (const auto no = st.client.check(st.asked->priority, text.size())) {
      feeding::fail(self, no);
      return false;
    }
  if (st.out.empty())
    st.out = std::move(text);
  else
    st.out += text;
  return true;
}

/// An event of this turn, or any where there is none.
void pass_on(feed_ptr self, const session_event& e) {
  auto& st = self->state;
  if (!write(self, e))
    return;
  if (!st.turn || !is_terminal(e.type))
    return;
  if (st.told)
    st.ended = true;
  else
    feeding::answer(self, st.surface->whole(e));
}

/// Who only follows ends with his key; a turn is ended by itself, and tells so.
bool ends_with_its_key(feed_ptr self) {
  const auto& st = self->state;
  const auto ended = st.turn ? caf::error{} : check_key(st.asked->by);
  if (ended)
    feeding::fail(self, ended);
  return bool(ended);
}

/// A snapshot also says how the turn ended, where that is no longer told by itself.
void pass_on_snapshot(feed_ptr self, const session_event& e) {
  auto& st = self->state;
  if (!write(self, e) || !st.turn)
    return;
  const auto* m = find_message(e.all->messages, st.turn->answer);
  session_event end;
  end.seq = e.seq;
  end.time = e.time;
  end.message = st.turn->answer;
  if (m == nullptr) {
    end.type = event_type::error;
    end.code = to_string(errc::not_found);
    end.text = "the message was erased";
    pass_on(self, end);
    return;
  }
  if (!settled(m->state))
    return;
  end.type = terminal_of(m->state);
  end.used = m->used;
  if (end.type == event_type::error) {
    end.code = to_string(m->state);
    end.text = m->error;
  }
  pass_on(self, end);
}

} // namespace

namespace feeding {

void answer(feed_ptr self, response r) {
  auto& st = self->state;
  tell_head(self, r.status, std::move(r.content_type), r.body.size(),
            std::move(r.headers));
  st.out = std::move(r.body);
  st.ended = true;
  publish(self);
}

void fail(feed_ptr self, const caf::error& e) {
  auto& st = self->state;
  if (std::exchange(st.ended, true))
    return;
  self->send(*st.reader, to_failed(e));
  st.reader = {}; // who was told an end is told no other
  self->quit();
}

void speak(feed_ptr self, const std::string& session, say s,
           std::function<void(const caf::error&)> refused) {
  auto& st = self->state;
  st.id = session;
  s.request_id = st.asked->id;
  s.priority = st.asked->priority;
  s.trace = st.asked->trace;
  s.by = st.asked->by;
  s.permit = st.asked->permit;
  ask_session<said>(
      self, st.sessions, open_session{st.id, {}, st.asked->by}, std::move(s),
      [self](const session_actor& session, const said& s) {
        auto& st = self->state;
        st.turn = s;
        st.next = s.first_event;
        st.surface->begun(s);
        follow_on(self, session);
      },
      std::move(refused));
}

void speak(feed_ptr self, const std::string& session, say s) {
  speak(self, session, std::move(s), [self](const caf::error& e) { fail(self, e); });
}

void watch(feed_ptr self, const std::string& session, std::uint64_t next) {
  self->state.id = session;
  self->state.next = next;
  join_session(self, {});
}

} // namespace feeding

feed_actor::behavior_type feed(feed_ptr self, request_ptr asked, budget_ptr budget,
                               std::function<sessions_actor()> sessions,
                               std::unique_ptr<feed_surface> surface) {
  auto& st = self->state;
  st.asked = std::move(asked);
  st.client = {std::move(budget), st.asked->by, {}, {}};
  st.held = st.client.open();
  st.sessions = std::move(sessions);
  st.surface = std::move(surface);
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& st = self->state;
    if (st.reader.is(down.source))
      self->quit(); // the session monitors its followers
    else if (!st.ended)
      join_session(self, down.source);
  });
  return {
      [self](subscribe& s) {
        auto& st = self->state;
        st.reader = {self, std::move(s.reader)};
        st.surface->begin(self);
      },
      [self](demand d) {
        auto& st = self->state;
        st.demanded += d.bytes;
        const bool full = !is_taken(st);
        publish(self);
        if (full && is_taken(st) && st.session && !st.ended)
          self->send(*st.session, more{events_at_once});
      },
      [self](cancel) { self->quit(); },
      [self](drain) {
        self->state.draining = true;
        end_when_drained(self);
      },
      [self](const event_ptr& e) {
        auto& st = self->state;
        if (st.ended || ends_with_its_key(self))
          return;
        st.quiet = false;
        st.next = e->seq + 1;
        if (e->type == event_type::snapshot)
          pass_on_snapshot(self, *e);
        else if (!st.turn ||
                 (e->message >= st.turn->asked && e->message <= st.turn->answer))
          pass_on(self, *e);
        publish(self);
        // Asked for one by one while the client keeps up, else when it has taken all.
        if (is_taken(st) && !st.ended)
          self->send(*st.session, more{1});
      },
      [self](tick) {
        auto& st = self->state;
        if (ends_with_its_key(self))
          return;
        if (std::exchange(st.quiet, true) && st.told) {
          st.out += st.surface->sign_of_life();
          publish(self);
        }
        self->delayed_send(self, silence, tick{});
      },
  };
}

} // namespace conductor
