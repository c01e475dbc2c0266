#include "actors/desk.hpp"

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
    self->send(st.dispatcher, join{caf::actor_cast<keeper_actor>(self)});
  }
  return st.dispatcher;
}

/// A lease of ours, whose end brings the one behind it back here.
lease_ptr lend(self_ptr self, lease_ptr behind, bool takes_place) {
  auto home = caf::actor_cast<desk_actor>(self);
  const auto epoch = self->state.epoch;
  const auto* seen = new lease{*behind};
  return {seen,
          [home, epoch, takes_place, behind = std::move(behind)](const lease* l) mutable {
            delete l;
            caf::anon_send(home, lease_free{std::move(behind), takes_place, epoch});
          }};
}

lease_ptr take(desk_state& st, const acquire& wish) {
  const auto fits = [&](const kept& k) {
    return k.takes_place == wish.takes_place && k.held->model == wish.model;
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
  wish.waiter = caf::actor_cast<caf::actor_addr>(self->current_sender());
  const bool takes_place = wish.takes_place;
  const bool plain = wish.pinned.empty() && wish.tried.empty();
  auto reply = self->make_response_promise<lease_ptr>();
  self->request(dispatcher(self), caf::infinite, std::move(wish))
      .then(
          [=](lease_ptr& got) mutable {
            reply.deliver(plain ? lend(self, std::move(got), takes_place)
                                : std::move(got));
          },
          [=](const caf::error& e) mutable { reply.deliver(e); });
  return reply;
}

} // namespace

desk_actor::behavior_type desk(self_ptr self, std::function<dispatcher_actor()> present) {
  self->state.present = std::move(present);
  return {
      [self](acquire& wish) -> caf::result<lease_ptr> {
        auto& st = self->state;
        dispatcher(self);
        if (!st.waiting && wish.pinned.empty() && wish.tried.empty())
          if (auto held = take(st, wish))
            return lend(self, std::move(held), wish.takes_place);
        return ask(self, std::move(wish));
      },
      [self](const attempt_failed& failure) {
        auto& st = self->state;
        ++st.epoch;
        st.idle.clear();
        self->send(dispatcher(self), failure);
      },
      [self](recall r) {
        auto& st = self->state;
        st.waiting = r.waiting;
        ++st.epoch;
        st.idle.clear();
      },
      [self](lease_free& f) {
        auto& st = self->state;
        if (st.waiting || f.epoch != st.epoch || st.idle.size() >= most_kept)
          return; // the message's end gives the lease back
        st.idle.push_back({std::move(f.kept), f.takes_place});
        keep_time(self);
      },
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
