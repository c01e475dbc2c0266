#include "adapters/native/feed.hpp"

#include "adapters/native/problem.hpp"
#include "adapters/native/session_json.hpp"
#include "adapters/native/session_path.hpp"

#include <charconv>
#include <utility>

namespace conductor {
namespace {

using self_ptr = feed_actor::stateful_pointer<feed_state>;
using form = feed_state::form;

constexpr std::size_t events_at_once = 64;
constexpr auto sign_of_life = std::chrono::seconds(15);

std::string_view header(const request& asked, std::string_view name) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  for (const auto& h : asked.headers)
    if (std::equal(h.name.begin(), h.name.end(), name.begin(), name.end(),
                   [&](char a, char b) { return lower(a) == lower(b); }))
      return h.value;
  return {};
}

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
  auto head = std::make_shared<response_head>();
  head->status = status;
  head->headers = {{"Content-Type", std::move(type)}};
  head->length = length;
  st.told = true;
  self->send(st.reader, started{std::move(head)});
}

/// A whole answer instead of events.
void answer(self_ptr self, response r) {
  auto& st = self->state;
  if (st.told)
    return;
  tell_head(self, r.status, std::move(r.content_type), r.body.size());
  st.out = std::move(r.body);
  st.ended = true;
  publish(self);
}

/// Follows the session's events from `from` on.
void begin(self_ptr self, std::uint64_t from) {
  auto& st = self->state;
  if (st.writes != form::whole)
    tell_head(self, 200,
              st.writes == form::sse ? "text/event-stream" : "application/x-ndjson");
  self->send(st.session, follow{caf::actor_cast<follower_actor>(self), from});
  self->send(st.session, more{events_at_once});
  if (st.writes == form::sse)
    self->delayed_send(self, sign_of_life, tick{});
}

void fail(self_ptr self, const caf::error& e) {
  answer(self, problem_of(self->state.asked->id, e));
}

void speak(self_ptr self) {
  auto& st = self->state;
  say s;
  try {
    s = parse_message(st.asked->body.view());
  } catch (const bad_request& bad) {
    answer(self, problem(st.asked->id, 400, "bad_request", bad.what()));
    return;
  }
  s.request_id = st.asked->id;
  self->request(st.session, caf::infinite, std::move(s))
      .then(
          [self](const said& s) {
            self->state.answer = s.answer;
            begin(self, s.first_event);
          },
          [self](const caf::error& e) { fail(self, e); });
}

/// Number of the first event that `GET …/events` wants; 0: a snapshot first.
std::optional<std::uint64_t> first_wanted(const request& asked) {
  const auto number = [](std::string_view text) -> std::optional<std::uint64_t> {
    std::uint64_t n = 0;
    const auto end = text.data() + text.size();
    const auto [at, ec] = std::from_chars(text.data(), end, n);
    if (ec != std::errc{} || at != end)
      return std::nullopt;
    return n;
  };
  if (const auto from = query_value(asked.target, "from"); !from.empty())
    return number(from);
  if (const auto last = header(asked, "Last-Event-ID"); !last.empty()) {
    const auto n = number(last);
    return n ? std::optional{*n + 1} : std::nullopt;
  }
  return 0;
}

void listen(self_ptr self) {
  const auto from = first_wanted(*self->state.asked);
  if (!from)
    answer(self, problem(self->state.asked->id, 400, "bad_request",
                         "\"from\" and Last-Event-ID must be numbers of events"));
  else
    begin(self, *from);
}

void open(self_ptr self, const sessions_actor& sessions) {
  const auto path = session_path_of(self->state.asked->target);
  self->request(sessions, caf::infinite, open_session{path.id})
      .then(
          [self, speaks = path.part == "messages"](const session_actor& s) {
            self->state.session = s;
            self->monitor(s);
            if (speaks)
              speak(self);
            else
              listen(self);
          },
          [self](const caf::error& e) { fail(self, e); });
}

bool is_terminal(event_type t) {
  return t == event_type::done || t == event_type::cancelled || t == event_type::error;
}

void write(self_ptr self, const session_event& e) {
  auto& st = self->state;
  st.quiet = false;
  const auto text = to_json(e);
  if (st.writes == form::sse)
    st.out += "id: " + std::to_string(e.seq) + "\nevent: " + to_string(e.type) +
              "\ndata: " + text + "\n\n";
  else
    st.out += text + "\n";
}

/// The one JSON body, when the turn is over.
void write_whole(self_ptr self, const session_event& e) {
  auto& st = self->state;
  if (e.type == event_type::delta)
    st.text += e.text;
  if (!is_terminal(e.type))
    return;
  if (e.type == event_type::error) {
    answer(self, problem(st.asked->id, 502, e.code, e.text));
    return;
  }
  answer(self,
         {200,
          "application/json; charset=utf-8",
          "{\"content\":" + json_quoted(st.text) + ",\"event\":" + to_json(e) + "}\n",
          {}});
}

} // namespace

feed_actor::behavior_type feed(self_ptr self, request_ptr asked,
                               std::function<sessions_actor()> sessions) {
  auto& st = self->state;
  st.asked = std::move(asked);
  const auto accept = header(*st.asked, "Accept");
  if (accept.find("text/event-stream") != std::string_view::npos)
    st.writes = form::sse;
  else if (accept.find("application/json") != std::string_view::npos &&
           session_path_of(st.asked->target).part == "messages")
    st.writes = form::whole;
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& st = self->state;
    if (st.reader && st.reader.address() == down.source) {
      self->quit(); // the session monitors its followers
      return;
    }
    if (!st.told)
      fail(self, make_error(errc::internal, "the session has ended; ask again"));
    else if (!st.ended)
      self->send(st.reader, failed{errc::internal, "the session has ended"});
  });
  return {
      [self, sessions](subscribe& s) {
        self->state.reader = std::move(s.reader);
        self->monitor(self->state.reader);
        open(self, sessions());
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
        const bool ours =
            !st.answer || e->message == *st.answer || e->type == event_type::snapshot;
        if (st.ended)
          return;
        if (ours) {
          if (st.writes == form::whole)
            write_whole(self, *e);
          else
            write(self, *e);
        }
        if (st.answer && ours && is_terminal(e->type))
          st.ended = true;
        publish(self);
        // Asked for one by one while the client keeps up, else when it has taken all.
        if (st.out.empty() && !st.ended)
          self->send(st.session, more{1});
      },
      [self](tick) {
        auto& st = self->state;
        if (std::exchange(st.quiet, true)) {
          st.out += ":\n\n";
          publish(self);
        }
        self->delayed_send(self, sign_of_life, tick{});
      },
  };
}

} // namespace conductor
