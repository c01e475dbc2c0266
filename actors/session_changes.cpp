#include "actors/session_parts.hpp"

#include <algorithm>
#include <utility>

namespace conductor::session_parts {
namespace {

using arrival = session_state::arrival;

std::size_t turns_ahead(const session_state& st) {
  return st.turns.size() + st.arriving.size();
}

caf::error busy() {
  return make_error(errc::session_busy, "an answer is under way");
}

/// Answers a message that came before under the same key; empty: none did.
std::optional<caf::result<said>> answer_again(self_ptr self, const say& s) {
  auto& st = self->state;
  if (s.key.empty() || s.messages.empty())
    return std::nullopt;
  const auto asked =
      std::find_if(st.messages.begin(), st.messages.end(),
                   [&](const session_message& m) { return m.key == s.key; });
  if (asked == st.messages.end())
    return std::nullopt;
  if (asked->wire != s.messages.front().wire)
    return make_error(errc::key_reused,
                      "this Idempotency-Key came with another message before");
  for (auto& a : st.arriving)
    if (a.asked == asked->seq) {
      a.waiting.push_back(self->make_response_promise<said>());
      return a.waiting.back();
    }
  const auto answer = std::find_if(asked, st.messages.end(),
                                   [](const auto& m) { return m.role == "assistant"; });
  if (answer == st.messages.end())
    return make_error(errc::key_reused,
                      "the answer to the message of this Idempotency-Key was erased");
  return said{asked->seq, answer->seq, answer->first_event};
}

/// Estimate for a turn with `before` ones ahead, by what turns took so far; 0: unknown.
std::uint64_t wait_ns(const session_state& st, std::size_t before) {
  std::uint64_t sum = 0, n = 0;
  for (const auto& m : st.messages)
    if (m.used.total_ns > 0) {
      sum += m.used.total_ns;
      ++n;
    }
  return n == 0 ? 0 : sum / n * before;
}

void tell_arrival(self_ptr self, const arrival& a, session_state::turn turn) {
  auto& st = self->state;
  auto& answer = message(st, a.answer);
  answer.first_event = st.log.upcoming();
  for (auto promise : a.waiting) // acknowledged before anything else is told
    promise.deliver(said{a.asked, a.answer, answer.first_event});
  const auto before = turns_ahead(st);
  turn.answer = a.answer;
  turn.since = self->clock().now();
  st.turns.push_back(std::move(turn));
  for (const auto& m : st.messages)
    if (m.seq >= a.asked && m.seq < a.answer) {
      session_event e;
      e.type = event_type::message;
      e.message = m.seq;
      e.code = m.role;
      e.text = m.content;
      tell(self, std::move(e));
    }
  if (before > 0) {
    session_event queued;
    queued.type = event_type::queued;
    queued.message = a.answer;
    queued.position = before;
    queued.wait_ns = wait_ns(st, before);
    tell(self, std::move(queued));
  }
}

/// Drops the messages after `last`; what they were.
std::vector<session_message> cut_after(session_state& st, std::uint64_t last) {
  const auto first = std::find_if(st.messages.begin(), st.messages.end(),
                                  [&](const session_message& m) { return m.seq > last; });
  std::vector<session_message> cut(std::make_move_iterator(first),
                                   std::make_move_iterator(st.messages.end()));
  st.messages.erase(first, st.messages.end());
  std::erase_if(st.refused, [&](std::uint64_t seq) { return seq > last; });
  return cut;
}

void put_back(session_state& st, std::vector<session_message> cut) {
  st.messages.insert(st.messages.end(), std::make_move_iterator(cut.begin()),
                     std::make_move_iterator(cut.end()));
}

void tell_snapshot(self_ptr self) {
  session_event e;
  e.type = event_type::snapshot;
  tell(self, std::move(e));
}

/// Seq of the last message that is no answer; 0: there is none.
std::uint64_t last_asked(const session_state& st) {
  for (auto i = st.messages.rbegin(); i != st.messages.rend(); ++i)
    if (i->role != "assistant")
      return i->seq;
  return 0;
}

} // namespace

caf::result<said> take_message(self_ptr self, say& s) {
  auto& st = self->state;
  if (s.by && !s.by->may_use(st.info.model))
    return make_error(errc::forbidden, "this key is not for the model " + st.info.model);
  if (auto again = answer_again(self, s))
    return std::move(*again);
  if (auto e = mismatch(st.info, s.version))
    return e;
  const auto before = turns_ahead(st);
  const bool anew = s.messages.empty();
  if (st.rewriting || (before > 0 && (s.refuse_when_busy || anew)))
    return busy();
  if (before > st.links.max_turns)
    return make_error(errc::session_busy, std::to_string(before - 1) +
                                              " messages wait already for their turn");
  if (anew && last_asked(st) == 0)
    return make_error(errc::bad_request, "the session has no message to answer");

  std::optional<std::uint64_t> keep;
  std::vector<session_message> cut;
  if (anew) {
    keep = last_asked(st);
    cut = cut_after(st, *keep);
    st.rewriting = true;
  }
  const auto now = st.links.clock();
  auto seq = st.messages.empty() ? 0 : st.messages.back().seq;
  arrival a;
  a.asked = seq + 1;
  std::vector<std::uint64_t> fresh;
  for (auto& m : s.messages) {
    m.seq = ++seq;
    m.created = now;
    fresh.push_back(seq);
    st.messages.push_back(std::move(m));
  }
  if (!anew)
    st.messages[st.messages.size() - fresh.size()].key = s.key;
  session_message answer;
  answer.seq = a.answer = ++seq;
  answer.role = "assistant";
  answer.settings = std::move(s.settings);
  answer.state = message_state::queued;
  answer.created = now;
  fresh.push_back(seq);
  st.messages.push_back(std::move(answer));
  ++st.info.version;

  auto promise = self->make_response_promise<said>();
  a.waiting.push_back(promise);
  const auto here = st.arriving.insert(st.arriving.end(), std::move(a));
  session_state::turn turn;
  turn.request_id = std::move(s.request_id);
  turn.priority = s.priority;
  turn.trace = std::move(s.trace);
  turn.by = std::move(s.by);
  turn.permit = std::move(s.permit);
  save(self, fresh, keep,
       [self, here, fresh, keep, cut = std::move(cut),
        turn = std::move(turn)](const caf::error* e) mutable {
         auto& st = self->state;
         st.rewriting = false;
         auto a = std::move(*here);
         st.arriving.erase(here);
         if (e != nullptr) { // was not acknowledged: is no part of the conversation
           for (const auto seq : fresh) {
             std::erase_if(st.messages, [&](const auto& m) { return m.seq == seq; });
             st.refused.erase(seq);
           }
           put_back(st, std::move(cut));
           for (auto& promise : a.waiting)
             promise.deliver(*e);
           return;
         }
         if (keep)
           tell_snapshot(self);
         tell_arrival(self, a, std::move(turn));
         begin_turn(self);
       });
  return promise;
}

caf::result<session_record_ptr> change(self_ptr self, change_session& c) {
  auto& st = self->state;
  if (auto e = mismatch(st.info, c.version))
    return e;
  const auto& codec = st.links.codec;
  auto settings = codec.change_settings(st.info.settings, c.settings);
  auto metadata = codec.merge(st.info.metadata, c.metadata);
  if (!codec.keeps(settings) || !codec.keeps(metadata) ||
      metadata.size() > longest_metadata)
    return make_error(errc::bad_request, "with this change the session's settings or "
                                         "metadata would be too large");
  auto before = st.info;
  const auto set = [](auto& to, auto& from) {
    if (from)
      to = std::move(*from);
  };
  set(st.info.model, c.model);
  set(st.info.title, c.title);
  set(st.info.system, c.system);
  set(st.info.time_to_live, c.time_to_live);
  st.info.settings = std::move(settings);
  st.info.metadata = std::move(metadata);
  ++st.info.version;
  auto promise = self->make_response_promise<session_record_ptr>();
  save(self, {}, {},
       [self, promise, before = std::move(before)](const caf::error* e) mutable {
         auto& st = self->state;
         if (e != nullptr) {
           before.reserved = st.info.reserved;
           before.trimmed = st.info.trimmed;
           before.version = st.info.version + 1;
           st.info = std::move(before);
           promise.deliver(*e);
           return;
         }
         session_event changed;
         changed.type = event_type::changed;
         changed.code = st.info.title;
         changed.model = st.info.model;
         changed.version = st.info.version;
         tell(self, std::move(changed));
         promise.deliver(copy_of(st));
       });
  return promise;
}

caf::result<session_record_ptr> rewind(self_ptr self, const rewind_session& r) {
  auto& st = self->state;
  if (auto e = mismatch(st.info, r.version))
    return e;
  if (st.rewriting || turns_ahead(st) > 0)
    return busy();
  const auto last = st.messages.empty() ? 0 : st.messages.back().seq;
  if (r.message > last)
    return make_error(errc::bad_request,
                      "\"message\" must be from 0 to " + std::to_string(last));
  auto promise = self->make_response_promise<session_record_ptr>();
  const auto trimmed = st.info.trimmed;
  auto cut = cut_after(st, r.message);
  st.rewriting = true;
  st.info.trimmed = std::min(trimmed, r.message);
  ++st.info.version;
  save(self, {}, r.message,
       [self, promise, trimmed, cut = std::move(cut)](const caf::error* e) mutable {
         auto& st = self->state;
         st.rewriting = false;
         if (e != nullptr) {
           st.info.trimmed = trimmed;
           put_back(st, std::move(cut));
           promise.deliver(*e);
           return;
         }
         tell_snapshot(self);
         promise.deliver(copy_of(st));
       });
  return promise;
}

} // namespace conductor::session_parts
