#include "actors/session.hpp"

#include "actors/session_parts.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace session_parts {
namespace {

using follower = session_state::follower;

constexpr auto save_every = std::chrono::seconds(1);
constexpr auto look_every = std::chrono::seconds(30);

/// Also its text is made here, once: a conversation is long, and a lane has others to
/// serve.
event_ptr snapshot_of(session_state& st) {
  if (auto known = st.snapshot.lock(); known && known->seq == st.log.next() - 1)
    return known;
  auto whole = std::make_shared<session_event>();
  whole->type = event_type::snapshot;
  whole->seq = st.log.next() - 1;
  whole->time = st.links.clock();
  whole->all = copy_of(st);
  if (st.links.codec.tell)
    whole->text = st.links.codec.tell(*whole);
  event_ptr made = std::move(whole);
  st.snapshot = made;
  return made;
}

/// Sends a follower what its credit allows. Where the past is no longer kept, or no
/// longer true, it gets all there is at once, and what follows from then on.
void pump(self_ptr self, follower& f) {
  auto& st = self->state;
  for (; f.credit > 0 && f.next < st.log.next(); --f.credit) {
    auto e = st.log.at(f.next);
    if (e && e->type != event_type::snapshot) {
      self->send(*f.to, std::move(e));
      ++f.next;
      continue;
    }
    // What waits for its number is in the messages already, and is told when it has one.
    if (st.log.upcoming() > st.log.next())
      return;
    f.next = st.log.next();
    self->send(*f.to, snapshot_of(st));
  }
}

void pump_all(self_ptr self) {
  for (auto& f : self->state.followers)
    pump(self, f);
}

auto find_sender(self_ptr self) {
  auto& all = self->state.followers;
  return std::find_if(all.begin(), all.end(),
                      [who = self->current_sender()](auto& f) { return f.to.is(who); });
}

std::uint64_t bytes_of(const session_state& st) {
  const auto& i = st.info;
  auto sum = i.system.size() + i.settings.size() + i.metadata.size();
  for (const auto& m : st.messages)
    sum += sizeof m + m.content.size() + m.thinking.size() + m.tool_calls.size() +
           m.wire.size() + m.settings.size();
  return sum;
}

bool busy(const session_state& st) {
  return !st.turns.empty() || !st.arriving.empty() || !st.followers.empty() ||
         !st.saves.empty() || !st.refused.empty();
}

/// Ends when nobody needed it since the last look. What is under way to it comes back to
/// its senders, who ask SESSIONS again.
void look(self_ptr self) {
  auto& st = self->state;
  if (!busy(st) && !std::exchange(st.used, false))
    self->quit();
  else
    self->delayed_send(self, look_every, idle_check{});
}

/// Tells everybody who still waits for STORE why he waits in vain.
void end(self_ptr self, const caf::error& why) {
  auto& st = self->state;
  st.ended = true;
  for (auto& then : std::exchange(st.saves, {}))
    then(&why);
  self->quit();
}

void save_what_came(self_ptr self) {
  auto& st = self->state;
  st.ticking = false;
  std::vector<std::uint64_t> changed(st.refused.begin(), st.refused.end());
  if (std::exchange(st.dirty, false) && st.answer &&
      !st.refused.contains(st.turns.front().answer))
    changed.push_back(st.turns.front().answer);
  if (!changed.empty())
    save(self, std::move(changed));
}

} // namespace

session_message& message(session_state& st, std::uint64_t seq) {
  return *std::lower_bound(
      st.messages.begin(), st.messages.end(), seq,
      [](const session_message& m, std::uint64_t s) { return m.seq < s; });
}

session_record_ptr copy_of(session_state& st) {
  if (auto known = st.shown.lock())
    return known;
  auto made =
      std::make_shared<const session_record>(session_record{st.info, st.messages});
  st.shown = made;
  return made;
}

void forget_copy(session_state& st) {
  st.shown.reset();
  st.snapshot.reset();
}

void tell(self_ptr self, session_event e) {
  auto& st = self->state;
  forget_copy(st);
  e.time = st.links.clock();
  st.log.append(std::move(e));
  pump_all(self);
  if (st.log.wanted(st.info.reserved) > st.info.reserved)
    save(self, {});
}

void save(self_ptr self, std::vector<std::uint64_t> changed,
          std::optional<std::uint64_t> keep,
          std::function<void(const caf::error*)> then) {
  auto& st = self->state;
  if (st.ended)
    return;
  forget_copy(st);
  st.in_memory.set(bytes_of(st));
  st.info.updated = st.links.clock();
  st.info.reserved = st.log.wanted(st.info.reserved);
  store_write w{st.info, {}, false, keep};
  for (const auto seq : changed)
    w.messages.push_back(message(st, seq));
  const auto here = st.saves.insert(st.saves.end(), std::move(then));
  const auto take_then = [self, here] {
    auto& saves = self->state.saves;
    auto then = std::move(*here);
    saves.erase(here);
    return then;
  };
  self->request(st.links.store(), caf::infinite, std::move(w))
      .then(
          [self, changed, take_then, reserved = st.info.reserved](const stored&) {
            auto& st = self->state;
            const auto then = take_then();
            for (const auto seq : changed)
              st.refused.erase(seq);
            st.log.reserved(reserved);
            then(nullptr);
            forget_copy(st);
            pump_all(self);
            tell_if_drained(self);
          },
          [self, changed, take_then](const caf::error& e) {
            auto& st = self->state;
            if (to_failure(e).code == errc::session_not_found) {
              end(self, e);
              return;
            }
            const auto then = take_then();
            st.refused.insert(changed.begin(), changed.end());
            save_soon(self);
            then(&e);
            forget_copy(st);
            tell_if_drained(self);
          });
}

void save_soon(self_ptr self) {
  if (!std::exchange(self->state.ticking, true))
    self->delayed_send(self, save_every, checkpoint{});
}

void tell_if_drained(self_ptr self) {
  auto& st = self->state;
  if (!st.turns.empty() || !st.arriving.empty() || !st.saves.empty())
    return;
  for (auto& promise : std::exchange(st.draining, {}))
    promise.deliver(drained{});
}

} // namespace session_parts

session_actor::behavior_type session(session_actor::stateful_pointer<session_state> self,
                                     session_record_ptr record, session_links links) {
  using namespace session_parts;
  auto& st = self->state;
  st.links = std::move(links);
  st.info = record->info;
  st.messages = record->messages;
  st.log = event_log{st.info.reserved}; // numbers up to there may have been told
  if (const auto& l = st.links; l.budget)
    st.in_memory =
        l.budget->open_share(l.part_of ? l.part_of(st.info.owner) : shared_sum{});
  st.in_memory.set(bytes_of(st));
  for (auto& m : st.messages) // the SESSION before this one failed
    if (!settled(m.state)) {
      m.state = message_state::interrupted;
      st.refused.insert(m.seq);
      save_soon(self);
    }
  self->delayed_send(self, look_every, idle_check{});
  self->set_exit_handler([self](const caf::exit_msg&) {
    end(self, make_error(errc::session_not_found,
                         "the session " + self->state.info.id + " has ended"));
  });
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& st = self->state;
    if (st.answer && st.answer.address() == down.source) {
      st.answer = nullptr;
      fail_turn(self, message_state::failed, to_string(errc::internal),
                "the answer's actor failed");
      return;
    }
    std::erase_if(st.followers, [&](const auto& f) { return f.to.is(down.source); });
  });
  const auto current = [self] {
    const auto& st = self->state;
    return st.answer &&
           self->current_sender() == caf::actor_cast<caf::strong_actor_ptr>(st.answer);
  };
  return {
      [self, current](const started& s) {
        if (!current())
          return;
        auto& st = self->state;
        st.status = s.head->status;
        st.course = s.course;
        if (st.status != 200)
          return;
        st.backend = s.head->backend;
        session_event e;
        e.type = st.turns.front().seams > 0 ? event_type::continued : event_type::started;
        e.message = st.turns.front().answer;
        e.model = st.info.model;
        e.backend = st.backend;
        tell(self, std::move(e));
      },
      [self, current](const next& n) {
        if (current())
          take(self, n.data);
      },
      [self, current](const complete& c) {
        if (!current())
          return;
        self->state.course = c.course;
        answered(self, c);
      },
      [self, current](const failed& f) {
        if (!current())
          return;
        if (f.course.now.asked != attempt::time_point{})
          self->state.course = f.course;
        if (f.code == errc::cancelled)
          cancel_turn(self, 0);
        else if (!go_on_elsewhere(self, f))
          fail_turn(self, message_state::failed, to_string(f.code), f.detail);
      },
      [self](say& s) {
        self->state.used = true;
        return take_message(self, s);
      },
      [self](follow& f) {
        self->state.followers.push_back({{self, std::move(f.reader)}, f.from, 0});
      },
      [self](more m) {
        const auto f = find_sender(self);
        if (f == self->state.followers.end())
          return;
        f->credit += m.events;
        pump(self, *f);
      },
      [self](unfollow) {
        const auto f = find_sender(self);
        if (f != self->state.followers.end())
          self->state.followers.erase(f);
      },
      [self](const stop_turn& which) {
        return stopped_turn{cancel_turn(self, which.answer)};
      },
      [self](describe) {
        self->state.used = true;
        return copy_of(self->state);
      },
      [self](change_session& c) {
        self->state.used = true;
        return change(self, c);
      },
      [self](const rewind_session& r) {
        self->state.used = true;
        return rewind(self, r);
      },
      [self](drain) -> caf::result<drained> {
        auto promise = self->make_response_promise<drained>();
        self->state.draining.push_back(promise);
        tell_if_drained(self);
        return promise;
      },
      [self](expel) { interrupt_turns(self); },
      [self](checkpoint) { save_what_came(self); },
      [self](const waiting_check& w) { ask_what_it_waits_for(self, w.answer); },
      [self](idle_check) { look(self); },
  };
}

} // namespace conductor
