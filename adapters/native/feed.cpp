#include "adapters/native/feed.hpp"

#include "adapters/native/answers.hpp"
#include "adapters/native/ask_session.hpp"
#include "adapters/native/chat.hpp"
#include "adapters/native/header.hpp"
#include "adapters/native/session_json.hpp"
#include "adapters/native/session_path.hpp"
#include "adapters/native/session_requests.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace conductor {
namespace {

using self_ptr = feed_actor::stateful_pointer<feed_state>;
using form = feed_state::form;

constexpr std::size_t events_at_once = 64;
constexpr auto sign_of_life = std::chrono::seconds(15);

void publish(self_ptr self) {
  auto& st = self->state;
  if (!st.reader || !st.told)
    return;
  const auto n = std::min<std::uint64_t>(st.demanded, st.out.size());
  if (n > 0) {
    st.demanded -= n;
    auto rest = st.out.substr(n);
    st.out.resize(n);
    self->send(st.reader, next{bytes::adopt(std::exchange(st.out, std::move(rest)))});
  }
  if (st.ended && st.out.empty()) {
    self->send(st.reader, complete{});
    self->quit();
  }
}

void tell_head(self_ptr self, int status, std::string type,
               std::optional<std::uint64_t> length = {}) {
  auto& st = self->state;
  if (std::exchange(st.told, true))
    return;
  auto head = std::make_shared<response_head>();
  head->status = status;
  head->headers = {{"Content-Type", std::move(type)}};
  head->length = length;
  self->send(st.reader, started{std::move(head)});
}

/// A whole answer instead of events.
void answer(self_ptr self, response r) {
  auto& st = self->state;
  tell_head(self, r.status, std::move(r.content_type), r.body.size());
  st.out = std::move(r.body);
  st.ended = true;
  publish(self);
}

/// Ends with an error, which WIRE tells as the answer's state allows.
void fail(self_ptr self, const caf::error& e) {
  auto& st = self->state;
  if (std::exchange(st.ended, true))
    return;
  auto f = to_failure(e);
  self->send(st.reader, failed{f.code, std::move(f.detail)});
  self->quit();
}

/// Follows the session's events from `next` on.
void follow_on(self_ptr self, const session_actor& session) {
  auto& st = self->state;
  st.session = session;
  self->monitor(session);
  if (st.writes != form::whole)
    tell_head(self, 200,
              st.writes == form::sse ? "text/event-stream" : "application/x-ndjson");
  self->send(session, follow{caf::actor_cast<follower_actor>(self), st.next});
  self->send(session, more{events_at_once});
}

/// Finds the session, or the one that takes its place, and follows it.
void join_session(self_ptr self, const caf::actor_addr& but) {
  auto& st = self->state;
  self->request(st.sessions(), caf::infinite, open_session{st.id, but})
      .then([self](const session_actor& s) { follow_on(self, s); },
            [self](const caf::error& e) { fail(self, e); });
}

void speak(self_ptr self, say s) {
  auto& st = self->state;
  s.request_id = st.asked->id;
  s.key = header_of(*st.asked, "Idempotency-Key");
  s.version = version_of(*st.asked);
  ask_session<said>(
      self, st.sessions, open_session{st.id, {}}, std::move(s),
      [self](const session_actor& session, const said& s) {
        self->state.turn = s;
        self->state.next = s.first_event;
        follow_on(self, session);
      },
      [self](const caf::error& e) { fail(self, e); });
}

/// Number of the first event that `GET …/events` wants; 0: a snapshot first.
std::uint64_t first_wanted(const request& asked) {
  const auto number = [](std::string_view text) {
    std::uint64_t n = 0;
    const auto end = text.data() + text.size();
    const auto [at, ec] = std::from_chars(text.data(), end, n);
    if (ec != std::errc{} || at != end)
      throw bad_request("\"from\" and Last-Event-ID must be numbers of events");
    return n;
  };
  if (const auto from = query_value(asked.target, "from"); !from.empty())
    return number(from);
  if (const auto last = header_of(asked, "Last-Event-ID"); !last.empty())
    return number(last) + 1;
  return 0;
}

void begin(self_ptr self) {
  auto& st = self->state;
  const auto path = session_path_of(st.asked->target);
  st.id = path.id;
  if (!path.matches || !path.item.empty() ||
      (path.part != "messages" && path.part != "regenerate" && path.part != "events")) {
    fail(self, make_error(errc::not_found, "there is nothing at " + st.asked->target));
    return;
  }
  try {
    if (path.part == "messages") {
      speak(self, parse_message(st.asked->body.view()));
    } else if (path.part == "regenerate") {
      speak(self, parse_regenerate(st.asked->body.view()));
    } else {
      st.next = first_wanted(*st.asked);
      join_session(self, {});
    }
  } catch (const bad_request& e) {
    fail(self, make_error(errc::bad_request, e.what()));
  }
}

void write(feed_state& st, const session_event& e) {
  const auto text = to_json(e);
  if (st.writes == form::sse)
    st.out += "id: " + std::to_string(e.seq) + "\nevent: " + to_string(e.type) +
              "\ndata: " + text + "\n\n";
  else
    st.out += text + "\n";
}

/// Notes what an event says of the turn's answer.
void note(feed_state& st, const session_event& e) {
  auto& m = st.answer;
  if (e.type == event_type::delta)
    m.content += e.text;
  else if (e.type == event_type::thinking)
    m.thinking += e.text;
  else if (e.type == event_type::tool_calls)
    m.tool_calls = chat::joined(m.tool_calls, e.text);
}

/// The one JSON body, when the turn is over.
void answer_whole(self_ptr self, const session_event& e) {
  const auto& st = self->state;
  if (e.type == event_type::error) {
    answer(self, problem(st.asked->id, 502, "Bad Gateway", e.code, e.text));
    return;
  }
  auto body = "{\"content\":" + chat::quoted(st.answer.content);
  if (!st.answer.thinking.empty())
    body += ",\"thinking\":" + chat::quoted(st.answer.thinking);
  if (!st.answer.tool_calls.empty())
    body += ",\"tool_calls\":" + st.answer.tool_calls;
  answer(self, json_answer(200, body + ",\"event\":" + to_json(e) + "}"));
}

/// An event of this turn, or any where there is none.
void pass_on(self_ptr self, const session_event& e) {
  auto& st = self->state;
  if (st.writes == form::whole) {
    note(st, e);
    if (is_terminal(e.type))
      answer_whole(self, e);
    return;
  }
  write(st, e);
  st.ended = st.turn && is_terminal(e.type);
}

/// A snapshot also says how the turn ended, where that is no longer told by itself.
void pass_on_snapshot(self_ptr self, const session_event& e) {
  auto& st = self->state;
  if (st.writes != form::whole)
    write(st, e);
  if (!st.turn)
    return;
  const auto& all = e.all->messages;
  const auto m = std::find_if(all.begin(), all.end(), [&](const session_message& m) {
    return m.seq == st.turn->answer;
  });
  session_event end;
  end.seq = e.seq;
  end.time = e.time;
  end.message = st.turn->answer;
  if (m == all.end()) {
    end.type = event_type::error;
    end.code = to_string(errc::not_found);
    end.text = "the message was erased";
    pass_on(self, end);
    return;
  }
  st.answer = *m;
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

feed_actor::behavior_type feed(self_ptr self, request_ptr asked,
                               std::function<sessions_actor()> sessions) {
  auto& st = self->state;
  st.asked = std::move(asked);
  st.sessions = std::move(sessions);
  const auto accept = header_of(*st.asked, "Accept");
  const bool follows = session_path_of(st.asked->target).part == "events";
  if (accept.find("text/event-stream") != std::string_view::npos)
    st.writes = form::sse;
  else if (accept.find("application/json") != std::string_view::npos && !follows)
    st.writes = form::whole;
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& st = self->state;
    if (st.reader && st.reader.address() == down.source)
      self->quit(); // the session monitors its followers
    else if (!st.ended)
      join_session(self, down.source);
  });
  return {
      [self](subscribe& s) {
        self->state.reader = std::move(s.reader);
        self->monitor(self->state.reader);
        if (self->state.writes == form::sse)
          self->delayed_send(self, sign_of_life, tick{});
        begin(self);
      },
      [self](demand d) {
        auto& st = self->state;
        st.demanded += d.bytes;
        const bool full = !st.out.empty();
        publish(self);
        if (full && st.out.empty() && st.session && !st.ended)
          self->send(st.session, more{events_at_once});
      },
      [self](cancel) { self->quit(); },
      [self](const event_ptr& e) {
        auto& st = self->state;
        if (st.ended)
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
        if (st.out.empty() && !st.ended)
          self->send(st.session, more{1});
      },
      [self](tick) {
        auto& st = self->state;
        if (std::exchange(st.quiet, true) && st.told) {
          st.out += ":\n\n";
          publish(self);
        }
        self->delayed_send(self, sign_of_life, tick{});
      },
  };
}

} // namespace conductor
