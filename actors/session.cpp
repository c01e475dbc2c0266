#include "actors/session.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using self_ptr = session_actor::stateful_pointer<session_state>;
using follower = session_state::follower;

constexpr auto save_every = std::chrono::seconds(1);
constexpr auto look_every = std::chrono::seconds(30);
constexpr std::uint64_t numbers_at_once = 4096;
constexpr std::size_t most_kept = 4096; // events

session_message& message(session_state& st, std::uint64_t seq) {
  return st.messages[seq - 1];
}

// ---- events

void pump(self_ptr self, follower& f) {
  auto& st = self->state;
  for (; f.credit > 0 && f.next < st.next_event; --f.credit) {
    if (!st.log.empty() && f.next >= st.log.front()->seq) {
      self->send(f.to, st.log[f.next - st.log.front()->seq]);
      ++f.next;
      continue;
    }
    auto whole = std::make_shared<session_event>();
    whole->type = event_type::snapshot;
    whole->seq = st.next_event - 1;
    whole->time = st.links.clock();
    whole->all = std::make_shared<session_record>(session_record{st.info, st.messages});
    f.next = st.next_event;
    self->send(f.to, event_ptr{std::move(whole)});
  }
}

void save(self_ptr self, std::vector<session_message> changed,
          std::function<void(const caf::error*)> then);

/// Gives numbers to the events that wait for one, as far as STORE knows them reserved.
void release(self_ptr self) {
  auto& st = self->state;
  while (!st.held.empty() && st.next_event <= st.durable) {
    auto numbered = std::make_shared<session_event>(std::move(st.held.front()));
    st.held.pop_front();
    numbered->seq = st.next_event++;
    st.log.push_back(std::move(numbered));
    if (st.log.size() > most_kept)
      st.log.pop_front();
  }
  for (auto& f : st.followers)
    pump(self, f);
  if (st.next_event + numbers_at_once / 4 > st.info.reserved) {
    st.info.reserved += numbers_at_once;
    save(self, {}, [](const caf::error*) {});
  }
}

void tell(self_ptr self, session_event e) {
  auto& st = self->state;
  e.time = st.links.clock();
  auto* last = st.held.empty() ? nullptr : &st.held.back();
  const bool text = e.type == event_type::delta || e.type == event_type::thinking;
  if (text && last != nullptr && last->type == e.type && last->message == e.message)
    last->text += e.text;
  else
    st.held.push_back(std::move(e));
  release(self);
}

// ---- what is stored

void save(self_ptr self, std::vector<session_message> changed,
          std::function<void(const caf::error*)> then) {
  auto& st = self->state;
  ++st.unsaved;
  st.info.updated = st.links.clock();
  self->request(st.links.store, caf::infinite, store_write{st.info, std::move(changed)})
      .then(
          [self, then, reserved = st.info.reserved](const stored&) {
            auto& st = self->state;
            --st.unsaved;
            st.durable = std::max(st.durable, reserved);
            then(nullptr);
            release(self);
          },
          [self, then](const caf::error& e) {
            --self->state.unsaved;
            then(&e);
          });
}

// ---- turns

/// The request of a turn begins with the bytes of the one before it.
std::string compose(const session_state& st, const session_state::turn& t) {
  auto body = "{\"model\":" + st.links.quote(st.info.model) + ",\"messages\":[";
  bool first = true;
  const auto add = [&](const std::string& wire) {
    if (wire.empty())
      return;
    body += (first ? "" : ",") + wire;
    first = false;
  };
  add(st.info.system);
  for (const auto& m : st.messages)
    if (m.seq < t.answer)
      add(m.wire);
  body += "],\"stream\":true";
  const auto& options = t.options.empty() ? st.info.options : t.options;
  if (!options.empty())
    body += ",\"options\":" + options;
  if (!st.info.keep_alive.empty())
    body += ",\"keep_alive\":" + st.info.keep_alive;
  return body + "}";
}

void begin_turn(self_ptr self) {
  auto& st = self->state;
  if (st.answer || st.finishing || st.turns.empty())
    return;
  const auto& t = st.turns.front();
  message(st, t.answer).state = message_state::streaming;
  st.status = 0;
  st.tool_calls.clear();
  st.failure.clear();
  st.reason.clear();
  auto asked = std::make_shared<request>();
  asked->id = t.request_id;
  asked->kind = request_kind::inference;
  asked->method = "POST";
  asked->target = "/api/chat";
  asked->headers = {{"Content-Type", "application/json"}};
  asked->body = bytes::adopt(compose(st, t));
  asked->model = st.info.model;
  asked->streams = true;
  asked->repeatable = true;
  asked->peer = "session " + st.info.id;
  st.answer = st.links.start(asked);
  self->monitor(st.answer);
  self->send(st.answer, subscribe{caf::actor_cast<subscriber_actor>(self)});
  self->send(st.answer, demand{st.links.window_bytes});
}

/// Ends the turn: saved first, told then, so that what was told stays true.
void end_turn(self_ptr self, message_state state, session_event terminal) {
  auto& st = self->state;
  if (st.turns.empty() || st.finishing)
    return;
  if (st.answer) {
    self->demonitor(st.answer.address());
    st.answer = nullptr;
  }
  auto& m = message(st, st.turns.front().answer);
  m.state = state;
  m.used = terminal.used;
  if (state == message_state::failed)
    m.error = terminal.text;
  else if (!m.content.empty() || !st.tool_calls.empty())
    m.wire = st.links.write(m.content, m.thinking, st.tool_calls);
  terminal.message = m.seq;
  st.finishing = true;
  st.dirty = false;
  save(self, {m}, [self, terminal = std::move(terminal)](const caf::error*) mutable {
    auto& st = self->state;
    st.finishing = false;
    st.turns.pop_front();
    tell(self, std::move(terminal));
    begin_turn(self);
  });
}

void fail_turn(self_ptr self, std::string code, std::string detail) {
  session_event e;
  e.type = event_type::error;
  e.code = std::move(code);
  e.text = std::move(detail);
  end_turn(self, message_state::failed, std::move(e));
}

void take(self_ptr self, std::string_view records) {
  auto& st = self->state;
  auto& m = message(st, st.turns.front().answer);
  const auto say = [&](event_type type, const std::string& text) {
    if (text.empty())
      return;
    session_event e;
    e.type = type;
    e.message = m.seq;
    e.text = text;
    tell(self, std::move(e));
  };
  for (const auto& piece : st.links.read(records)) {
    m.thinking += piece.thinking;
    m.content += piece.text;
    say(event_type::thinking, piece.thinking);
    say(event_type::delta, piece.text);
    if (!piece.tool_calls.empty()) {
      st.tool_calls = piece.tool_calls;
      say(event_type::tool_calls, piece.tool_calls);
    }
    if (!piece.error.empty())
      st.failure = piece.error;
    if (piece.done)
      st.reason = piece.reason;
  }
  st.dirty = true;
  if (!std::exchange(st.ticking, true))
    self->delayed_send(self, save_every, checkpoint{});
}

bool current(self_ptr self) {
  const auto& st = self->state;
  return st.answer &&
         self->current_sender() == caf::actor_cast<caf::strong_actor_ptr>(st.answer);
}

caf::result<said> take_message(self_ptr self, say& s) {
  auto& st = self->state;
  const auto turns = st.turns.size() + st.arriving;
  if (turns > 0 && s.refuse_when_busy)
    return make_error(errc::session_busy, "an answer is under way");
  if (turns > st.links.max_turns)
    return make_error(errc::session_busy, std::to_string(turns - 1) +
                                              " messages wait already for their turn");
  ++st.arriving;
  const auto now = st.links.clock();
  session_message asked;
  asked.seq = st.messages.size() + 1;
  asked.role = "user";
  asked.content = std::move(s.content);
  asked.wire = std::move(s.wire);
  asked.created = now;
  session_message answer;
  answer.seq = asked.seq + 1;
  answer.role = "assistant";
  answer.state = message_state::queued;
  answer.created = now;
  st.messages.push_back(asked);
  st.messages.push_back(answer);
  auto promise = self->make_response_promise<said>();
  save(self, {asked, answer},
       [self, promise, seq = answer.seq, options = std::move(s.options),
        id = std::move(s.request_id)](const caf::error* e) mutable {
         auto& st = self->state;
         --st.arriving;
         if (e != nullptr) { // was not acknowledged: is no part of the conversation
           for (auto i : {seq - 1, seq}) {
             message(st, i).state = message_state::failed;
             message(st, i).wire.clear();
           }
           promise.deliver(*e);
           return;
         }
         promise.deliver(said{seq, st.next_event});
         const auto before = st.turns.size();
         st.turns.push_back({seq, std::move(options), std::move(id)});
         if (before > 0) {
           session_event queued;
           queued.type = event_type::queued;
           queued.message = seq;
           queued.position = before;
           tell(self, std::move(queued));
         }
         begin_turn(self);
       });
  return promise;
}

follower* sender_in(self_ptr self) {
  auto& all = self->state.followers;
  const auto who = self->current_sender();
  const auto i = std::find_if(all.begin(), all.end(), [&](const follower& f) {
    return caf::actor_cast<caf::strong_actor_ptr>(f.to) == who;
  });
  return i == all.end() ? nullptr : &*i;
}

void look(self_ptr self) {
  auto& st = self->state;
  const bool busy = !st.turns.empty() || !st.followers.empty() || st.unsaved > 0;
  if (!busy && !std::exchange(st.used, false))
    self->send(st.links.sessions, retire{st.info.id});
  else
    self->delayed_send(self, look_every, idle_check{});
}

} // namespace

session_actor::behavior_type session(self_ptr self, session_record_ptr record,
                                     session_links links) {
  auto& st = self->state;
  st.links = std::move(links);
  st.info = record->info;
  st.messages = record->messages;
  st.next_event = st.info.reserved + 1; // numbers up to there may have been told
  st.durable = st.info.reserved;
  self->delayed_send(self, look_every, idle_check{});
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& st = self->state;
    if (st.answer && st.answer.address() == down.source) {
      st.answer = nullptr;
      fail_turn(self, to_string(errc::internal), "the answer's actor failed");
      return;
    }
    std::erase_if(st.followers,
                  [&](const follower& f) { return f.to.address() == down.source; });
  });
  return {
      [self](const started& s) {
        if (!current(self))
          return;
        auto& st = self->state;
        st.status = s.head->status;
        if (st.status != 200)
          return;
        session_event e;
        e.type = event_type::started;
        e.message = st.turns.front().answer;
        e.model = st.info.model;
        e.backend = s.head->backend;
        tell(self, std::move(e));
      },
      [self](const next& n) {
        if (!current(self))
          return;
        auto& st = self->state;
        self->send(st.answer, demand{n.data.size()});
        if (st.status == 200)
          take(self, n.data.view());
        else
          st.failure += n.data.view();
      },
      [self](const complete& c) {
        if (!current(self))
          return;
        auto& st = self->state;
        if (st.status != 200) {
          const auto pieces = st.links.read(st.failure);
          fail_turn(self, "upstream_" + std::to_string(st.status),
                    pieces.empty() || pieces.front().error.empty()
                        ? "Ollama answered with status " + std::to_string(st.status)
                        : pieces.front().error);
          return;
        }
        if (!st.failure.empty()) {
          fail_turn(self, "upstream_error", st.failure);
          return;
        }
        session_event e;
        e.type = event_type::done;
        e.code = st.reason;
        e.used = c.used;
        end_turn(self, message_state::done, std::move(e));
      },
      [self](const failed& f) {
        if (current(self))
          fail_turn(self, to_string(f.code), f.detail);
      },
      [self](say& s) {
        self->state.used = true;
        return take_message(self, s);
      },
      [self](follow& f) {
        auto& st = self->state;
        self->monitor(f.reader);
        st.followers.push_back({std::move(f.reader), f.from, 0});
      },
      [self](more m) {
        if (auto* f = sender_in(self)) {
          f->credit += m.events;
          pump(self, *f);
        }
      },
      [self](stop_turn) {
        auto& st = self->state;
        if (!st.answer)
          return stopped_turn{false};
        self->send(st.answer, cancel{});
        session_event e;
        e.type = event_type::cancelled;
        end_turn(self, message_state::cancelled, std::move(e));
        return stopped_turn{true};
      },
      [self](describe) {
        auto& st = self->state;
        st.used = true;
        return session_record_ptr{
            std::make_shared<session_record>(session_record{st.info, st.messages})};
      },
      [self](checkpoint) {
        auto& st = self->state;
        st.ticking = false;
        if (st.dirty && st.answer) {
          st.dirty = false;
          save(self, {message(st, st.turns.front().answer)}, [](const caf::error*) {});
        }
      },
      [self](idle_check) { look(self); },
  };
}

} // namespace conductor
