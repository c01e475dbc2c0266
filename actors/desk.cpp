#include "actors/desk.hpp"

#include "messages/admission.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using self_ptr = desk_actor::stateful_pointer<desk_state>;
using kept = desk_state::kept;

constexpr auto keep_for = std::chrono::milliseconds(200);
constexpr std::size_t most_kept = 256;

/// DISPATCHER, which is told of this desk when it is a new one.
const dispatcher_actor& dispatcher(self_ptr self) {
  auto& st = self->state;
  auto now = st.present();
  if (now && now != st.dispatcher) {
    st.dispatcher = std::move(now);
    st.idle.clear();
    ++st.epoch;
    self->monitor(st.dispatcher);
    self->send(st.dispatcher, join{caf::actor_cast<keeper_actor>(self)});
  }
  return st.dispatcher;
}

/// A lease of ours, whose end brings the one behind it back here.
lease_ptr lend(self_ptr self, lease_free back) {
  auto& st = self->state;
  back.epoch = st.epoch;
  if (const auto i = st.answers.find(back.asked_by.id()); i != st.answers.end())
    i->second.info.backend = back.kept->backend;
  const auto* seen = new lease{*back.kept};
  return {seen, [home = caf::actor_cast<desk_actor>(self),
                 back = std::move(back)](const lease* l) mutable {
            delete l;
            caf::anon_send(home, std::move(back));
          }};
}

/// Any other lease of its model would do as well.
bool plain(const acquire& wish) {
  return wish.pinned.empty() && wish.tried.empty() && wish.session.empty() &&
         !wish.bare && !(wish.about && wish.about->edits_models);
}

std::string kind_of(const acquire& wish) {
  const bool native = !wish.about || wish.about->speaks == dialect::ollama;
  return native ? wish.options : wish.options + " translated";
}

/// A lane's own decision is told as one.
void explain(desk_state& st, const acquire& wish, const lease& got) {
  if (wish.about)
    st.decided.add({wish.about->id,
                    wish.model,
                    got.backend,
                    "kept",
                    {},
                    {},
                    owner_of(wish.about->by)});
}

lease_ptr take(desk_state& st, const acquire& wish, const std::string& kind) {
  const auto fits = [&](const kept& k) {
    return k.takes_place == wish.takes_place && k.held->model == wish.model &&
           k.kind == kind;
  };
  const auto i = std::find_if(st.idle.rbegin(), st.idle.rend(), fits);
  if (i == st.idle.rend())
    return nullptr;
  auto held = std::move(i->held);
  st.idle.erase(std::next(i).base());
  return held;
}

void keep_time(self_ptr self) {
  if (!self->state.idle.empty() && !std::exchange(self->state.ticking, true))
    self->delayed_send(self, keep_for, tick{});
}

caf::result<lease_ptr> ask(self_ptr self, acquire wish) {
  lease_free back;
  back.takes_place = wish.takes_place;
  back.may_stay = plain(wish);
  back.kind = kind_of(wish);
  back.asked_by = wish.waiter;
  auto reply = self->make_response_promise<lease_ptr>();
  const auto number = self->state.next_asked++;
  const auto& whom = dispatcher(self);
  self->state.asked[number] = {reply, back.asked_by.id(), whom.address()};
  self->request(whom, caf::infinite, std::move(wish))
      .then(
          [=](lease_ptr& got) mutable {
            if (self->state.asked.erase(number) == 0)
              return;
            back.may_stay = back.may_stay && !got->watched;
            back.kept = std::move(got);
            reply.deliver(lend(self, std::move(back)));
          },
          [=](const caf::error& e) mutable {
            if (self->state.asked.erase(number) == 0)
              return;
            self->state.answers.erase(back.asked_by.id());
            reply.deliver(e);
          });
  return reply;
}

/// A DISPATCHER has ended, and its promises died without a word.
void tell_who_waited(self_ptr self, const caf::actor_addr& ended) {
  auto& st = self->state;
  std::erase_if(st.asked, [&](const auto& entry) {
    auto waiting = entry.second;
    if (waiting.whom != ended)
      return false;
    st.answers.erase(waiting.by);
    waiting.reply.deliver(make_error(errc::internal, "the queue's actor failed"));
    return true;
  });
}

/// Null: it has ended.
generation_actor generation_of(const desk_state::in_flight& a) {
  const auto who = caf::actor_cast<caf::strong_actor_ptr>(a.who);
  return who ? caf::actor_cast<generation_actor>(who) : generation_actor{};
}

void watch_answers(self_ptr self) {
  for (const auto& [id, a] : self->state.answers)
    if (const auto who = generation_of(a))
      self->send(who, watch_lease{});
}

/// Else an answer would learn of it at its next record, or with its place in the queue.
void end_with_their_keys(self_ptr self) {
  for (const auto& [id, a] : self->state.answers)
    if (check_key(a.info.about->by))
      if (const auto who = generation_of(a))
        self->send(who, keys_ended{});
}

/// Every answer with what its GENERATION tells; one that ends meanwhile is left out.
caf::result<generation_list> list_answers(self_ptr self) {
  const auto& answers = self->state.answers;
  const auto reply = self->make_response_promise<generation_list>();
  const auto all = std::make_shared<generation_list>();
  const auto left = std::make_shared<std::size_t>(answers.size() + 1);
  const auto one_less = [=] {
    auto told = reply;
    if (--*left == 0)
      told.deliver(std::move(*all));
  };
  for (const auto& [id, a] : answers) {
    const auto who = generation_of(a);
    if (!who) {
      --*left;
      continue;
    }
    self->request(who, caf::infinite, progress_query{})
        .then(
            [=, info = a.info](const progress& p) mutable {
              info.pieces = p.pieces;
              info.first = p.first;
              all->push_back(std::move(info));
              one_less();
            },
            [=](const caf::error&) { one_less(); });
  }
  one_less();
  return reply;
}

} // namespace

desk_actor::behavior_type desk(self_ptr self, std::function<dispatcher_actor()> present) {
  self->state.present = std::move(present);
  self->set_down_handler(
      [self](const caf::down_msg& down) { tell_who_waited(self, down.source); });
  return {
      [self](acquire& wish) -> caf::result<lease_ptr> {
        auto& st = self->state;
        dispatcher(self);
        wish.waiter = caf::actor_cast<caf::actor_addr>(self->current_sender());
        if (wish.about && wish.takes_place)
          st.answers[wish.waiter.id()] = {{wish.about, {}}, wish.waiter};
        if (!st.waiting && plain(wish)) {
          auto kind = kind_of(wish);
          if (auto held = take(st, wish, kind)) {
            explain(st, wish, *held);
            return lend(self, {std::move(held), wish.takes_place, 0, true,
                               std::move(kind), wish.waiter});
          }
        }
        return ask(self, std::move(wish));
      },
      [self](attempt_failed& failure) {
        auto& st = self->state;
        ++st.epoch;
        st.idle.clear();
        failure.successes = std::exchange(st.went_well[failure.backend], 0);
        self->send(dispatcher(self), std::move(failure));
      },
      [self](const moved_on& m) { self->send(dispatcher(self), m); },
      [self](const spent& s) {
        auto& st = self->state;
        const auto now = self->clock().now();
        if (s.whole)
          if (const auto i = st.answers.find(
                  caf::actor_cast<caf::actor_addr>(self->current_sender()).id());
              i != st.answers.end())
            ++st.went_well[i->second.info.backend];
        if (s.cut) {
          st.cut.insert(s.lease);
          self->send(dispatcher(self), s);
          return;
        }
        // Where nobody waits there is nobody to be fair to: a sample is enough.
        if (!st.waiting && (!s.whole || now - st.last_spent < keep_for))
          return;
        st.last_spent = now;
        self->send(dispatcher(self), s);
      },
      [self](const began& b) { self->send(dispatcher(self), b); },
      [self](const explain_query& q) { return self->state.decided.of(q.request); },
      [self](recall r) {
        auto& st = self->state;
        st.waiting = r.waiting;
        ++st.epoch;
        st.idle.clear();
        if (r.watch)
          watch_answers(self);
      },
      [self](lease_free& f) {
        auto& st = self->state;
        st.answers.erase(f.asked_by.id());
        const bool cut = st.cut.erase(f.kept->id) > 0;
        if (!f.may_stay || cut || st.waiting || f.epoch != st.epoch ||
            st.idle.size() >= most_kept)
          return; // the message's end gives the lease back
        st.idle.push_back({std::move(f.kept), f.takes_place, std::move(f.kind)});
        keep_time(self);
      },
      [self](generations_query) { return list_answers(self); },
      [self](const stop_generation& stop) {
        stopped_generations stopped;
        for (const auto& [id, a] : self->state.answers)
          if (a.info.about->id == stop.id && may_see(stop.by, owner_of(a.info.about->by)))
            if (const auto who = generation_of(a)) {
              self->send(who, stop);
              ++stopped.count;
            }
        return stopped;
      },
      [self](keys_ended) { end_with_their_keys(self); },
      [self](tick) {
        auto& st = self->state;
        st.ticking = false;
        std::erase_if(st.idle, [](const kept& k) { return !k.fresh; });
        for (auto& k : st.idle)
          k.fresh = false;
        keep_time(self);
      },
  };
}

} // namespace conductor
