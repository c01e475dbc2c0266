#include "actors/session_parts.hpp"

#include "messages/admission.hpp"
#include "messages/model_name.hpp"

#include <algorithm>
#include <utility>

namespace conductor::session_parts {
namespace {

constexpr auto patience = std::chrono::milliseconds(250);
constexpr auto queue_look = std::chrono::seconds(1);
constexpr std::size_t longest_failure = 64 * 1024; // bytes of what Ollama said

session_event about(event_type type, std::uint64_t message) {
  session_event e;
  e.type = type;
  e.message = message;
  return e;
}

/// Leaves out the oldest turns where the loaded model has no room for them.
void make_room(self_ptr self, std::uint64_t answer, const std::string& settings) {
  auto& st = self->state;
  const auto set = st.links.codec.context(settings);
  const auto cut = trim_for(st.info, st.messages, answer, set != 0 ? set : st.context);
  if (cut.through == st.info.trimmed)
    return;
  st.info.trimmed = cut.through;
  auto e = about(event_type::trimmed, answer);
  e.through = cut.through;
  e.tokens = cut.tokens;
  tell(self, std::move(e));
}

request_ptr request_of(const session_state& st, const session_state::turn& t,
                       const std::string& settings, const std::string& so_far = {}) {
  auto asked = std::make_shared<request>();
  asked->id = t.request_id;
  asked->kind = request_kind::inference;
  asked->method = "POST";
  asked->target = "/api/chat";
  asked->headers = {{"Content-Type", "application/json"}};
  asked->body = bytes::adopt(
      compose(st.info, st.messages, t.answer, settings, st.links.codec, so_far));
  auto held = holder{st.links.budget, t.by, {}, {}}.open();
  held.set(asked->body.size());
  asked->held = std::make_shared<const share>(std::move(held));
  asked->model = st.info.model;
  asked->streams = true;
  asked->repeatable = true;
  asked->session = st.info.id;
  asked->peer = "session " + st.info.id;
  asked->by = t.by;
  asked->flow = t.by ? "key " + t.by->key.name : asked->peer;
  asked->priority = t.priority;
  asked->received = t.since;
  asked->trace = t.trace;
  if (t.trace)
    asked->headers.push_back({"traceparent", to_traceparent(*t.trace)});
  return asked;
}

/// Context of the model where it is loaded; nothing: it is loaded nowhere.
const loaded_model* find_loaded(const fleet_status& fleet, const std::string& model) {
  for (const auto& b : fleet.backends)
    for (const auto& m : b.status.loaded)
      if (canonical_model(m.name) == canonical_model(model))
        return &m;
  return nullptr;
}

void ask(self_ptr self, const request_ptr& asked) {
  auto& st = self->state;
  st.status = 0;
  st.failure.clear();
  st.reason.clear();
  st.asked = asked;
  st.course = {};
  st.answer = st.links.start(asked);
  self->monitor(st.answer);
  self->send(st.answer, subscribe{caf::actor_cast<subscriber_actor>(self)});
  self->send(st.answer, demand{st.links.window_bytes});
}

/// The turn under way, for OBSERVER.
request_summary sum_up(self_ptr self, message_state state,
                       const session_event& terminal) {
  auto& st = self->state;
  request_summary s;
  s.about = std::move(st.asked); // with its body
  s.status = st.status;
  s.outcome = state == message_state::done        ? "done"
              : state == message_state::cancelled ? "cancelled"
                                                  : terminal.code;
  s.detail = terminal.text;
  s.used = terminal.used;
  s.reason = st.reason;
  s.course = st.course;
  const auto& lost = st.turns.front().lost;
  s.course.before.insert(s.course.before.begin(), lost.begin(), lost.end());
  s.backend = s.course.now.backend;
  s.total = self->clock().now() - s.about->received;
  if (s.course.now.first != attempt::time_point{})
    s.first = s.course.now.first - s.about->received;
  s.body_bytes = message(st, st.turns.front().answer).content.size();
  return s;
}

/// Ends the turn: saved first, told then, so that what was told stays true; where STORE
/// refuses, that is told too.
void end_turn(self_ptr self, message_state state, session_event terminal) {
  auto& st = self->state;
  if (st.turns.empty() || st.finishing)
    return;
  if (st.answer) {
    self->demonitor(st.answer.address());
    st.answer = nullptr;
  }
  st.seeking = false;
  auto& m = message(st, st.turns.front().answer);
  m.state = state;
  m.used = terminal.used;
  if (terminal.type == event_type::error)
    m.error = terminal.text;
  else if (!m.content.empty() || !m.tool_calls.empty())
    m.wire = st.links.codec.write(m.content, m.thinking, m.tool_calls);
  m.tokens = turn_tokens(st.info, st.messages, m);
  terminal.message = m.seq;
  auto summary = sum_up(self, state, terminal);
  if (terminal.type == event_type::done)
    terminal.timing = std::make_shared<const answer_timing>(
        timing_of(summary.course, terminal.used, summary.about->received,
                  summary.about->received + summary.total));
  st.finishing = true;
  st.dirty = false;
  ++st.info.version;
  save(self, {m.seq}, {},
       [self, terminal = std::move(terminal),
        summary = std::move(summary)](const caf::error* e) mutable {
         auto& st = self->state;
         st.finishing = false;
         st.turns.pop_front();
         terminal.durable = e == nullptr;
         tell(self, std::move(terminal));
         summary.taken = self->clock().now();
         if (st.links.observer)
           self->send(st.links.observer(), std::move(summary));
         begin_turn(self);
       });
}

/// Ends a turn that has not begun.
void drop_turn(self_ptr self, std::list<session_state::turn>::iterator t,
               message_state state, session_event terminal) {
  auto& st = self->state;
  auto& m = message(st, t->answer);
  m.state = state;
  m.error = terminal.text;
  terminal.message = m.seq;
  st.turns.erase(t);
  ++st.info.version;
  save(self, {m.seq}, {},
       [self, terminal = std::move(terminal)](const caf::error* e) mutable {
         terminal.durable = e == nullptr;
         tell(self, std::move(terminal));
       });
}

session_event error_event(std::string code, std::string detail) {
  session_event e;
  e.type = event_type::error;
  e.code = std::move(code);
  e.text = std::move(detail);
  return e;
}

/// That turn is under way, and no record of its answer came.
bool still_waits(const session_state& st, std::uint64_t answer) {
  return st.answer && st.status == 0 && st.turns.front().answer == answer;
}

/// Of the turn under way, in the node's queue; nothing: it has its place.
const queue_entry* find_waiting(const session_state& st, const queue_list& all) {
  const auto here = std::find_if(all.begin(), all.end(), [&](const queue_entry& e) {
    return e.about && e.about->session == st.info.id &&
           e.about->id == st.turns.front().request_id;
  });
  return here == all.end() ? nullptr : &*here;
}

/// Once a turn.
void tell_loading(self_ptr self, std::uint64_t answer, const std::string& backend) {
  auto& st = self->state;
  if (std::exchange(st.turns.front().told_loading, true))
    return;
  auto e = about(event_type::loading, answer);
  e.model = st.info.model;
  e.backend = backend;
  tell(self, std::move(e));
}

/// For the room that the next turn has, and to say what this one waits for.
void ask_what_is_loaded(self_ptr self, std::uint64_t answer) {
  self->request(self->state.links.dispatcher(), caf::infinite, fleet_query{})
      .then(
          [self, answer](const fleet_status& fleet) {
            auto& st = self->state;
            const auto* m = find_loaded(fleet, st.info.model);
            if (m != nullptr)
              st.context = m->context;
            const auto up = std::find_if(
                fleet.backends.begin(), fleet.backends.end(),
                [](const auto& b) { return b.status.state == backend_state::up; });
            if (m == nullptr && up != fleet.backends.end() && still_waits(st, answer))
              tell_loading(self, answer, up->status.name);
          },
          [](const caf::error&) {});
}

} // namespace

void begin_turn(self_ptr self) {
  auto& st = self->state;
  if (st.answer || st.seeking || st.finishing || st.ended || st.turns.empty())
    return;
  const auto t = st.turns.front();
  auto& m = message(st, t.answer);
  const auto settings = st.links.codec.change_settings(st.info.settings, m.settings);
  make_room(self, t.answer, settings);
  m.state = message_state::streaming;
  m.model = st.info.model;
  forget_copy(st);
  ask(self, request_of(st, t, settings));
  self->delayed_send(self, patience, waiting_check{t.answer});
}

void ask_what_it_waits_for(self_ptr self, std::uint64_t answer) {
  if (!self->state.links.dispatcher)
    return;
  self->request(self->state.links.dispatcher(), caf::infinite, queue_query{})
      .then(
          [self, answer](const queue_list& all) {
            auto& st = self->state;
            const auto* here = still_waits(st, answer) ? find_waiting(st, all) : nullptr;
            if (here == nullptr) {
              ask_what_is_loaded(self, answer);
              return;
            }
            self->delayed_send(self, queue_look, waiting_check{answer});
            if (!here->loading_on.empty()) {
              tell_loading(self, answer, here->loading_on);
              return;
            }
            const auto position = static_cast<std::size_t>(here - all.data()) + 1;
            if (std::exchange(st.turns.front().position, position) == position)
              return;
            auto e = about(event_type::queued, answer);
            e.position = position;
            e.wait_ns = static_cast<std::uint64_t>(here->wait.count());
            tell(self, std::move(e));
          },
          [](const caf::error&) {});
}

void take(self_ptr self, const bytes& records) {
  auto& st = self->state;
  self->send(st.answer, demand{records.size()});
  if (st.status != 200) {
    if (st.failure.size() < longest_failure)
      st.failure += records.view();
    return;
  }
  auto& m = message(st, st.turns.front().answer);
  const auto say = [&](event_type type, const std::string& text) {
    if (text.empty())
      return;
    auto e = about(type, m.seq);
    e.text = text;
    tell(self, std::move(e));
  };
  for (const auto& piece : st.links.codec.read(records.view())) {
    m.thinking += piece.thinking;
    m.content += piece.text;
    say(event_type::thinking, piece.thinking);
    say(event_type::delta, piece.text);
    if (!piece.tool_calls.empty()) {
      m.tool_calls = st.links.codec.joined(m.tool_calls, piece.tool_calls);
      say(event_type::tool_calls, piece.tool_calls);
    }
    if (!piece.error.empty())
      st.failure = piece.error;
    if (piece.done)
      st.reason = piece.reason;
  }
  st.dirty = true;
  save_soon(self);
  if (m.content.size() + m.thinking.size() + m.tool_calls.size() >
      st.links.most_answer_bytes) {
    self->send(st.answer, cancel{});
    fail_turn(self, message_state::failed, to_string(errc::answer_too_long),
              "the answer is longer than stream.buffer, which is " +
                  std::to_string(st.links.most_answer_bytes) + " bytes");
  }
}

void answered(self_ptr self, const complete& c) {
  auto& st = self->state;
  if (st.status != 200) {
    const auto pieces = st.links.codec.read(st.failure);
    fail_turn(self, message_state::failed, "upstream_" + std::to_string(st.status),
              pieces.empty() || pieces.front().error.empty()
                  ? "Ollama answered with status " + std::to_string(st.status)
                  : pieces.front().error);
    return;
  }
  if (!st.failure.empty()) {
    fail_turn(self, message_state::failed, "upstream_error", st.failure);
    return;
  }
  session_event e;
  e.type = event_type::done;
  e.code = st.reason;
  e.used = c.used;
  end_turn(self, message_state::done, std::move(e));
}

bool go_on_elsewhere(self_ptr self, const failed& f) {
  constexpr unsigned most_seams = 2;
  auto& st = self->state;
  auto& t = st.turns.front();
  auto& m = message(st, t.answer);
  const auto settings = st.links.codec.change_settings(st.info.settings, m.settings);
  const bool lost = f.code == errc::upstream_lost || f.code == errc::stream_truncated ||
                    f.code == errc::stalled || f.code == errc::gap_timeout;
  if (!st.links.continues || !lost || t.seams == most_seams || m.content.empty() ||
      !m.thinking.empty() || !m.tool_calls.empty() || !st.links.codec.plain(settings))
    return false;
  self->demonitor(st.answer.address());
  st.answer = nullptr;
  st.seeking = true;
  t.lost.insert(t.lost.end(), f.course.before.begin(), f.course.before.end());
  t.lost.push_back(f.course.now);
  const auto found = [self, answer = t.answer, f](const std::string& backend) {
    auto& st = self->state;
    if (!st.seeking || st.turns.front().answer != answer)
      return; // it was cancelled meanwhile
    st.seeking = false;
    if (backend.empty()) {
      fail_turn(self, message_state::failed, to_string(f.code), f.detail);
      return;
    }
    auto& t = st.turns.front();
    const auto& m = message(st, answer);
    ++t.seams;
    if (st.links.continued)
      st.links.continued->fetch_add(1, std::memory_order_relaxed);
    auto asked = std::make_shared<request>(
        *request_of(st, t, st.links.codec.change_settings(st.info.settings, m.settings),
                    st.links.codec.write(m.content, {}, {})));
    asked->pinned = backend;
    ask(self, asked);
  };
  self->request(st.links.dispatcher(), caf::infinite,
                twin_query{st.info.model, st.backend})
      .then([found](const twin& other) { found(other.backend); },
            [found](const caf::error&) { found({}); });
  return true;
}

void fail_turn(self_ptr self, message_state state, std::string code, std::string detail) {
  end_turn(self, state, error_event(std::move(code), std::move(detail)));
}

bool cancel_turn(self_ptr self, std::uint64_t answer) {
  auto& st = self->state;
  session_event e;
  e.type = event_type::cancelled;
  if ((st.answer || st.seeking) && (answer == 0 || st.turns.front().answer == answer)) {
    if (st.answer)
      self->send(st.answer, cancel{});
    end_turn(self, message_state::cancelled, std::move(e));
    return true;
  }
  const auto t = std::find_if(st.turns.begin(), st.turns.end(),
                              [&](const auto& t) { return t.answer == answer; });
  if (t == st.turns.end() || t == st.turns.begin())
    return false;
  drop_turn(self, t, message_state::cancelled, std::move(e));
  return true;
}

void interrupt_turns(self_ptr self) {
  auto& st = self->state;
  const auto code = to_string(errc::shutting_down);
  while (st.turns.size() > 1)
    drop_turn(self, std::prev(st.turns.end()), message_state::interrupted,
              error_event(code, "the node is stopping"));
  if (!st.answer && !st.seeking)
    return;
  if (st.answer)
    self->send(st.answer, cancel{});
  fail_turn(self, message_state::interrupted, code, "the node is stopping");
}

} // namespace conductor::session_parts
