#include "actors/sessions.hpp"

#include "messages/admission.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace conductor {
namespace {

using self_ptr = sessions_actor::stateful_pointer<sessions_state>;
using opened = sessions_state::opened;
using resident = sessions_state::resident;

constexpr auto sweep_every = std::chrono::seconds(10);

const resident& begin(self_ptr self, const session_record_ptr& record) {
  auto& st = self->state;
  auto s = st.start(record, st.links);
  self->monitor(s);
  return st.live[record->info.id] = {std::move(s), record->info.owner};
}

void forget(self_ptr self, const std::string& id) {
  auto& st = self->state;
  const auto i = st.live.find(id);
  if (i == st.live.end())
    return;
  self->demonitor(i->second.session.address());
  self->send_exit(i->second.session, caf::exit_reason::user_shutdown);
  st.live.erase(i);
}

caf::error not_found(const std::string& id) {
  return make_error(errc::session_not_found, "there is no session " + id);
}

/// Calls `then` with the live session of that id, once for all who ask meanwhile.
void open(self_ptr self, const std::string& id, opened then) {
  auto& st = self->state;
  if (const auto i = st.live.find(id); i != st.live.end()) {
    then(&i->second, {});
    return;
  }
  if (st.erasing.contains(id)) {
    then(nullptr, not_found(id));
    return;
  }
  auto& waiting = st.opening[id];
  waiting.push_back(std::move(then));
  if (waiting.size() > 1)
    return;
  const auto tell = [self, id](const resident* s, const caf::error& e) {
    auto node = self->state.opening.extract(id);
    for (auto& f : node.mapped())
      f(s, e);
  };
  self->request(st.links.store(), caf::infinite, store_read{id})
      .then(
          [self, tell, id](const session_record_ptr& record) {
            if (record->info.expired(self->state.links.clock()))
              tell(nullptr, not_found(id));
            else {
              const auto found = begin(self, record); // one who is told may erase it
              tell(&found, {});
            }
          },
          [tell](const caf::error& e) { tell(nullptr, e); });
}

/// What is not his is not there for who asks.
template <class Answer>
opened or_fail(caf::typed_response_promise<Answer> promise, const std::string& id,
               const grant_ptr& by, std::function<void(const session_actor&)> then) {
  return [=](const resident* found, const caf::error& e) mutable {
    if (found == nullptr)
      promise.deliver(e);
    else if (!may_see(by, found->owner))
      promise.deliver(not_found(id));
    else
      then(session_actor{found->session});
  };
}

/// Stores a new conversation; `then` gets it, or why not.
void store_new(self_ptr self, session_record record,
               std::function<void(session_record_ptr, const caf::error&)> then) {
  auto& st = self->state;
  record.info.created = record.info.updated = st.links.clock();
  for (auto& m : record.messages)
    if (m.created == 0)
      m.created = record.info.created;
  count_turns(record);
  auto made = std::make_shared<session_record>(std::move(record));
  self->request(st.links.store(), caf::infinite,
                store_write{made->info, made->messages, true, {}})
      .then(
          [self, made, then](const stored&) {
            begin(self, made);
            then(made, {});
          },
          [then](const caf::error& e) { then(nullptr, e); });
}

/// Answers all who asked for a session under `key`; the first one made it, if it is new.
void tell_creators(self_ptr self, const std::string& key, const session_record_ptr& made,
                   const caf::error& e, bool before) {
  auto node = self->state.creating.extract(key);
  for (auto& c : node.mapped()) {
    if (!made)
      c.reply.deliver(e);
    else if (made->info.key_digest != c.digest)
      c.reply.deliver(make_error(
          errc::key_reused, "this Idempotency-Key came with another request before"));
    else
      c.reply.deliver(created_session{made, std::exchange(before, true)});
  }
}

caf::result<created_session> create(self_ptr self, create_session& c) {
  auto& st = self->state;
  auto promise = self->make_response_promise<created_session>();
  const auto key = c.start.info.key;
  if (key.empty()) {
    store_new(self, std::move(c.start),
              [promise](session_record_ptr made, const caf::error& e) mutable {
                if (made)
                  promise.deliver(created_session{std::move(made), false});
                else
                  promise.deliver(e);
              });
    return promise;
  }
  auto& all = st.creating[key];
  all.push_back({promise, c.start.info.key_digest});
  if (all.size() > 1)
    return promise;
  const auto refuse = [self, key](const caf::error& e) {
    tell_creators(self, key, nullptr, e, false);
  };
  self->request(st.links.store(), caf::infinite, store_key{key})
      .then(
          [self, key, refuse, start = std::move(c.start)](const session_ids& known) {
            if (known.empty()) {
              store_new(self, start, [=](session_record_ptr made, const caf::error& e) {
                tell_creators(self, key, made, e, false);
              });
              return;
            }
            self->request(self->state.links.store(), caf::infinite,
                          store_read{known.front()})
                .then(
                    [=](const session_record_ptr& made) {
                      tell_creators(self, key, made, {}, true);
                    },
                    refuse);
          },
          refuse);
  return promise;
}

/// The last message before the turn that is under way, if one is.
std::uint64_t last_settled(const std::vector<session_message>& all) {
  const auto open = std::find_if_not(
      all.begin(), all.end(), [](const session_message& m) { return settled(m.state); });
  if (open == all.end())
    return all.empty() ? 0 : all.back().seq;
  const auto answer =
      std::find_if(std::make_reverse_iterator(open), all.rend(),
                   [](const session_message& m) { return m.role == "assistant"; });
  return answer == all.rend() ? 0 : answer->seq;
}

/// A new conversation that begins as that one did; empty: `message` is not there yet.
std::optional<session_record> copy_up_to(const session_record& from,
                                         const fork_session& f) {
  session_record copy;
  copy.info = from.info;
  copy.info.id = f.new_id;
  copy.info.key.clear();
  copy.info.key_digest = 0;
  copy.info.version = 1;
  copy.info.reserved = 0;
  copy.info.forked_from = f.id;
  copy.info.owner = owner_of(f.by);
  if (f.title)
    copy.info.title = *f.title;
  const auto last = f.message ? *f.message : last_settled(from.messages);
  for (const auto& m : from.messages) {
    if (m.seq > last)
      break;
    if (!settled(m.state))
      return std::nullopt;
    copy.info.forked_at = m.seq;
    auto& to = copy.messages.emplace_back(m);
    to.key.clear();
    to.first_event = 0;
  }
  if (f.message && *f.message != copy.info.forked_at)
    return std::nullopt;
  copy.info.trimmed = std::min(copy.info.trimmed, copy.info.forked_at);
  return copy;
}

/// Why he may bring no further conversation into memory; no error: he may.
caf::error may_load(const sessions_state& st, const grant_ptr& by) {
  return holder{st.links.budget, by, {}, {}}.check(priority_class::normal, 1);
}

caf::result<session_record_ptr> copy_session(self_ptr self, fork_session& f) {
  if (auto no = may_load(self->state, f.by))
    return no;
  auto promise = self->make_response_promise<session_record_ptr>();
  open(self, f.id,
       or_fail<session_record_ptr>(
           promise, f.id, f.by, [self, promise, f](const session_actor& s) {
             self->request(s, caf::infinite, describe{})
                 .then(
                     [self, promise, f](const session_record_ptr& from) mutable {
                       auto copy = copy_up_to(*from, f);
                       if (!copy) {
                         promise.deliver(make_error(
                             errc::session_busy, "message " + std::to_string(*f.message) +
                                                     " is not there, or not finished"));
                         return;
                       }
                       store_new(self, std::move(*copy),
                                 [promise](session_record_ptr made,
                                           const caf::error& e) mutable {
                                   if (made)
                                     promise.deliver(std::move(made));
                                   else
                                     promise.deliver(e);
                                 });
                     },
                     [promise](const caf::error& e) mutable { promise.deliver(e); });
           }));
  return promise;
}

void erase_now(self_ptr self, const std::string& id,
               caf::typed_response_promise<stored> promise) {
  self->state.erasing.insert(id);
  forget(self, id);
  self->request(self->state.links.store(), caf::infinite, store_erase{id})
      .then(
          [=](const stored&) mutable {
            self->state.erasing.erase(id);
            promise.deliver(stored{});
          },
          [=](const caf::error& e) mutable {
            self->state.erasing.erase(id);
            promise.deliver(e);
          });
}

caf::result<stored> erase(self_ptr self, const erase_session& e) {
  auto promise = self->make_response_promise<stored>();
  open(self, e.id,
       or_fail<stored>(
           promise, e.id, e.by, [self, promise, e](const session_actor& s) mutable {
             if (!e.version) {
               erase_now(self, e.id, promise);
               return;
             }
             self->request(s, caf::infinite, describe{})
                 .then(
                     [self, promise, e](const session_record_ptr& now) mutable {
                       if (auto other = mismatch(now->info, e.version))
                         promise.deliver(other);
                       else
                         erase_now(self, e.id, promise);
                     },
                     [promise](const caf::error& e) mutable { promise.deliver(e); });
           }));
  return promise;
}

/// Erases what expired. A live session is somebody's: it is looked at when it has left.
void sweep(self_ptr self) {
  auto& st = self->state;
  self->delayed_send(self, sweep_every, tick{});
  self->request(st.links.store(), caf::infinite, store_expired{st.links.clock()})
      .then(
          [self](const session_ids& ids) {
            auto& st = self->state;
            for (const auto& id : ids)
              if (!st.live.contains(id))
                self->request(st.links.store(), caf::infinite, store_erase{id})
                    .then([](const stored&) {}, [](const caf::error&) {});
          },
          [](const caf::error&) {});
}

caf::result<sessions_status> status(self_ptr self) {
  auto promise = self->make_response_promise<sessions_status>();
  sessions_status now;
  now.live = self->state.live.size();
  now.mailbox = self->mailbox().size();
  self->request(self->state.links.store(), caf::infinite, store_query{})
      .then(
          [promise, now](const store_status& s) mutable {
            now.store = s;
            promise.deliver(now);
          },
          [promise, now](const caf::error&) mutable {
            now.store.failure = "the store is started anew";
            promise.deliver(now);
          });
  return promise;
}

caf::result<drained> drain_all(self_ptr self) {
  auto left = std::make_shared<std::size_t>(self->state.live.size());
  if (*left == 0)
    return drained{};
  auto promise = self->make_response_promise<drained>();
  auto one_less = [left, promise]() mutable {
    if (--*left == 0)
      promise.deliver(drained{});
  };
  for (const auto& [id, s] : self->state.live)
    self->request(s.session, caf::infinite, drain{})
        .then([one_less](const drained&) mutable { one_less(); },
              [one_less](const caf::error&) mutable { one_less(); });
  return promise;
}

} // namespace

sessions_actor::behavior_type
sessions(self_ptr self, session_links links,
         std::function<session_actor(session_record_ptr, session_links)> start) {
  auto& st = self->state;
  st.links = std::move(links);
  st.start = std::move(start);
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.live, [&](const auto& s) {
      return s.second.session.address() == down.source;
    });
  });
  self->set_exit_handler([self](const caf::exit_msg& exit) {
    for (const auto& [id, s] : self->state.live)
      self->send_exit(s.session, caf::exit_reason::user_shutdown);
    self->quit(exit.reason);
  });
  self->delayed_send(self, sweep_every, tick{});
  return {
      [self](create_session& c) { return create(self, c); },
      [self](const open_session& o) -> caf::result<session_actor> {
        auto& live = self->state.live;
        const auto i = live.find(o.id);
        if (i != live.end() && i->second.session.address() == o.but)
          live.erase(i); // its end is still to be told here
        else if (i == live.end())
          if (auto no = may_load(self->state, o.by))
            return no;
        auto promise = self->make_response_promise<session_actor>();
        open(self, o.id,
             or_fail<session_actor>(
                 promise, o.id, o.by,
                 [promise](const session_actor& s) mutable { promise.deliver(s); }));
        return promise;
      },
      [self](const erase_session& e) { return erase(self, e); },
      [self](fork_session& f) { return copy_session(self, f); },
      [self](store_list& wish) -> caf::result<session_page> {
        wish.now = self->state.links.clock();
        return self->delegate(self->state.links.store(), std::move(wish));
      },
      [self](sessions_query) { return status(self); },
      [self](drain) { return drain_all(self); },
      [self](expel) {
        for (const auto& [id, s] : self->state.live)
          self->send(s.session, expel{});
      },
      [self](tick) { sweep(self); },
  };
}

} // namespace conductor
