#include "tests/simulation/node.hpp"

#include <caf/send.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <utility>

namespace conductor::simulation {
namespace {

/// More is told by these where nothing waits here.
constexpr unsigned few = 4;
constexpr double hold_s = 5;

/// The last one that came is served first, a few at a time.
template <class Self>
void pass_on(Self* self, const desk_actor& desk) {
  auto& st = self->state;
  while (st.out < few && !st.all.empty()) {
    auto last = std::move(st.all.back());
    st.all.pop_back();
    ++st.out;
    const auto home = caf::actor_cast<tap_actor>(self);
    self->request(desk, caf::infinite, std::move(last.wish))
        .then(
            [reply = last.reply, home](const lease_ptr& got) mutable {
              reply.deliver(lease_ptr{
                  got.get(), [held = lease_ptr{got}, home](const lease*) mutable {
                    held.reset();
                    caf::anon_send(home, tick{});
                  }});
            },
            [reply = last.reply, home](const caf::error& e) mutable {
              caf::anon_send(home, tick{});
              reply.deliver(e);
            });
  }
}

} // namespace

tap_actor::behavior_type node::tap(tap_actor::stateful_pointer<tap_data> self, node* home,
                                   desk_actor desk) {
  return {
      [self, home, desk](acquire& wish) -> caf::result<lease_ptr> {
        home->waits(wish);
        const auto planted = home->plan_.planted;
        const auto forgotten = planted == plant::forgets_one && wish.takes_place &&
                               home->world_.time.elapsed() > 60 &&
                               !std::exchange(home->planted_, true);
        if (!forgotten && planted != plant::last_come_first &&
            planted != plant::holds_back)
          return self->delegate(desk, std::move(wish));
        auto reply = self->make_response_promise<lease_ptr>();
        self->state.all.push_back({std::move(wish), reply, home->world_.time.now()});
        if (planted == plant::last_come_first)
          pass_on(self, desk);
        else if (planted == plant::holds_back)
          self->delayed_send(self, in_ns(hold_s), tick{});
        return reply;
      },
      [self, desk](attempt_failed& f) { return self->delegate(desk, std::move(f)); },
      [self, desk](moved_on& m) { return self->delegate(desk, std::move(m)); },
      [self, home, desk](spent& s) {
        home->ledger_.cut += s.cut ? 1 : 0;
        return self->delegate(desk, std::move(s));
      },
      [self, desk](began& b) { return self->delegate(desk, b); },
      [self, desk](explain_query& q) { return self->delegate(desk, std::move(q)); },
      [self, home, desk](tick) {
        auto& st = self->state;
        if (home->plan_.planted == plant::last_come_first) {
          --st.out;
          pass_on(self, desk);
          return;
        }
        auto first = std::move(st.all.front());
        st.all.erase(st.all.begin());
        self->request(desk, caf::infinite, std::move(first.wish))
            .then(
                [reply = first.reply](const lease_ptr& got) mutable {
                  reply.deliver(got);
                },
                [reply = first.reply](const caf::error& e) mutable { reply.deliver(e); });
      },
  };
}

/// A request asks for a place, for the first time or again.
void node::waits(const acquire& wish) {
  auto& j = job_of(*wish.about);
  if (j.at == job::stage::over)
    return;
  j.at = job::stage::waiting;
  j.waits_since = world_.time.now();
  j.tried = wish.tried;
  j.starved_s = 0;
  j.target = wish.model + '\n' + wish.options + '\n' + wish.pinned;
  for (const auto& t : wish.tried)
    j.target += '\n' + t;
  ledger_.again += wish.tried.empty() ? 0 : 1;
  ledger_.waiting.insert(j.asks->asks.number);
}

subscriber_actor::behavior_type
node::reader(subscriber_actor::stateful_pointer<reader_data>, node* home,
             std::uint64_t number) {
  const auto mine = [home, number]() -> job& { return home->ledger_.jobs[number]; };
  const auto end = [home, mine](const std::string& outcome) {
    auto& j = mine();
    ++j.ends;
    if (j.at == job::stage::over)
      return; // it is told when it is buried
    home->finished(j, outcome);
  };
  return {
      [mine](const started& s) { mine().status = s.head->status; },
      [home, mine](const next& n) {
        auto& j = mine();
        if (j.at == job::stage::over) {
          home->on_fault("request " + j.asks->id + " heard more after its end");
          return;
        }
        j.text += n.data.view();
        j.records =
            static_cast<std::size_t>(std::count(j.text.begin(), j.text.end(), '\n'));
        home->note(j.asks->asks.number, j.text.size());
        if (j.leaves_at > 0 && j.records >= j.leaves_at)
          home->leave(j);
      },
      [home, mine, end](const complete&) {
        home->check_text(mine());
        end(std::to_string(mine().status));
      },
      [end](const failed& f) { end(to_string(f.code)); },
  };
}

/// An answer that was given whole was passed on whole.
void node::check_text(const job& j) {
  const auto& q = j.asks->asks;
  if (j.status != 200 || q.bare || q.relayed || j.at == job::stage::over ||
      j.text.find("error") != std::string::npos)
    return;
  std::string whole;
  for (std::size_t k = 0; k <= q.gaps_s.size(); ++k)
    whole += record_text(q.number, k);
  if (j.text != whole)
    on_fault("request " + j.asks->id + " got another answer than was given: " + j.text);
}

void node::watch_world() {
  world_.on_open = [this](const open_exchange& e) {
    auto& j = job_of(*e.asked);
    const auto& server = *world_.servers.at(e.at->backend);
    const auto* facts = server.facts(e.at->model);
    j.server = e.at->backend;
    j.key = facts == nullptr ? e.at->model : facts->blob;
    ++j.attempts;
    if (j.takes_place())
      ++ledger_.open[{j.server, j.key}];
    if (j.at == job::stage::over)
      return;
    j.at = job::stage::open;
    ledger_.waiting.erase(j.asks->asks.number);
    note(j.asks->asks.number, std::hash<std::string>{}(j.server));
    on_granted(j);
  };
  world_.on_close = [this](exchange& e) {
    auto& j = job_of(*e.what.asked);
    if (j.takes_place())
      --ledger_.open[{j.server, j.key}];
    on_closed(j, e.gpu_s());
    if (plan_.planted == plant::keeps_lease && !std::exchange(planted_, true))
      leaked_.push_back(e.what.at);
  };
}

/// Those that are in the world; others are in the tap, and in what the node is told.
void node::plant_faults() {
  const auto once = [this] {
    return world_.time.elapsed() > 60 && !std::exchange(planted_, true);
  };
  switch (plan_.planted) {
  case plant::loses_end:
    world_.loses_end = once;
    break;
  case plant::loses_record:
    world_.loses_record = once;
    break;
  case plant::two_loads:
    world_.time.in(60, [this] {
      for (int i = 0; i < 2; ++i) {
        load_model l;
        l.server = std::make_shared<const backend_settings>(plan_.how.backends[0]);
        l.model = "beta:latest";
        caf::anon_send(loader_, std::move(l));
      }
    });
    break;
  case plant::more_places:
    plan_.how.backends[0].parallel = plan_.servers[0].places + 1;
    break;
  case plant::unknown_places:
    plan_.how.backends[0].parallel = 64;
    break;
  case plant::many_retries:
    plan_.how.upstream.retries_per_second = 1000;
    break;
  case plant::patient_ghosts:
    plan_.how.queue.zombie_grace = std::chrono::minutes(10);
    break;
  default:
    break;
  }
}

} // namespace conductor::simulation
