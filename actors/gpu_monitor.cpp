#include "actors/gpu_monitor.hpp"

#include "actors/placements.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace conductor {
namespace {

using self_ptr = gpu_monitor_actor::stateful_pointer<gpu_monitor_state>;

/// Longest look that is no hang.
constexpr auto patience = std::chrono::seconds(5);
/// Longest time between two beats, and the usual one where there is no GPU to look at:
/// models are placed all the same.
constexpr milliseconds slowest{5'000};

milliseconds beat_of(const gpu_monitor_state& st) {
  if (st.now->last && st.now->last->devices.empty())
    return slowest;
  return std::min(st.links.timing.interval, slowest);
}

gpu_answer_ptr answer_of(const gpu_monitor_state& st, bool history) {
  return std::make_shared<const gpu_answer>(
      gpu_answer{st.now, history ? st.history.all() : std::vector<gpu_moment>{}});
}

void answer_askers(self_ptr self) {
  auto& st = self->state;
  for (auto& a : std::exchange(st.askers, {}))
    a.reply.deliver(answer_of(st, a.history));
}

void report(self_ptr self, gpu_report next) {
  auto& st = self->state;
  next.number = st.now->number + 1;
  st.now = std::make_shared<const gpu_report>(std::move(next));
  st.reported = self->clock().now();
  for (auto& f : std::exchange(st.followers, {}))
    f.reply.deliver(st.now);
  if (const auto observer = st.links.observer())
    self->send(observer, st.now);
}

void take_sample(self_ptr self, const gpu_sample_ptr& sample) {
  auto& st = self->state;
  st.looking = false;
  st.history.add(*sample);
  auto next = *st.now;
  next.last = sample;
  next.stale = false;
  report(self, std::move(next));
  answer_askers(self);
}

void set_stale(self_ptr self) {
  auto& st = self->state;
  if (st.now->stale)
    return;
  auto next = *st.now;
  next.stale = true;
  report(self, std::move(next));
}

bool runs(const gpu_sample_ptr& sample) {
  return sample &&
         std::any_of(sample->devices.begin(), sample->devices.end(),
                     [](const auto& d) { return d.utilization.value_or(0) > 0; });
}

/// Unless one is under way, or the last one was later than that.
void look_after(self_ptr self, gpu_monitor_state::time_point due) {
  auto& st = self->state;
  const auto now = self->clock().now();
  const auto probe = st.links.probe();
  if (st.looking || !probe || (st.now->last && now < due))
    return;
  st.looking = true;
  st.looked = now;
  self->request(probe, caf::infinite, gpu_look{})
      .then([self](const gpu_sample_ptr& sample) { take_sample(self, sample); },
            [self](const caf::error&) {
              self->state.looking = false;
              set_stale(self);
              answer_askers(self);
            });
}

void look_if_due(self_ptr self) {
  const auto& st = self->state;
  const auto& timing = st.links.timing;
  const bool busy = st.answers || runs(st.now->last);
  // A beat is not exact; what is due within half of one is due.
  look_after(self, st.looked + (busy ? timing.interval : timing.idle_interval) -
                       timing.interval / 2);
}

/// A driver that hangs is not waited for.
caf::result<gpu_answer_ptr> answer(self_ptr self, bool history) {
  auto& st = self->state;
  const bool none = st.now->last && st.now->last->devices.empty();
  if (st.looking || none)
    return answer_of(st, history);
  look_after(self, st.looked + st.links.timing.interval);
  if (!st.looking)
    return answer_of(st, history);
  st.askers.push_back({history, self->make_response_promise<gpu_answer_ptr>()});
  return st.askers.back().reply;
}

void take_fleet(self_ptr self, const fleet_status& fleet) {
  auto& st = self->state;
  st.asking = false;
  st.answers = std::any_of(fleet.backends.begin(), fleet.backends.end(),
                           [](const auto& b) { return b.in_flight > 0; });
  auto next = *st.now;
  next.models = placements_of(fleet);
  next.local_backends = local_backends_of(fleet);
  if (next.models != st.now->models || next.local_backends != st.now->local_backends)
    report(self, std::move(next));
  look_if_due(self);
}

void beat(self_ptr self) {
  auto& st = self->state;
  const auto now = self->clock().now();
  if (st.looking && now - st.looked > patience)
    set_stale(self);
  answer_askers(self);
  // Who follows a driver that hangs is told as much, and who left is forgotten.
  if (!st.followers.empty() && now - st.reported >= st.links.timing.idle_interval)
    report(self, *st.now);
  const auto dispatcher = st.links.dispatcher();
  if (!st.asking && dispatcher) {
    st.asking = true;
    self->request(dispatcher, caf::infinite, fleet_query{})
        .then([self](const fleet_status& fleet) { take_fleet(self, fleet); },
              [self](const caf::error&) {
                self->state.asking = false;
                look_if_due(self);
              });
  }
  self->delayed_send(self, beat_of(st), tick{});
}

} // namespace

gpu_monitor_actor::behavior_type gpu_monitor(self_ptr self, gpu_links links) {
  self->state.links = std::move(links);
  self->send(self, tick{});
  return {
      [self](gpu_query q) { return answer(self, q.history); },
      [self](gpu_follow f) -> caf::result<gpu_report_ptr> {
        auto& st = self->state;
        if (st.now->number > f.after)
          return st.now;
        auto reply = self->make_response_promise<gpu_report_ptr>();
        st.followers.push_back({f.after, reply});
        return reply;
      },
      [self](tick) { beat(self); },
  };
}

} // namespace conductor
