#include "tests/simulation/node.hpp"

#include "actors/backend.hpp"
#include "actors/generation.hpp"
#include "messages/model_name.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace conductor::simulation {
namespace {

constexpr double half_a_second = 0.5;
constexpr double calm = 5; // between two looks where nothing goes on

template <class Handle>
bool has_ended(const Handle& who) {
  return caf::actor_cast<caf::abstract_actor*>(who)->getf(
      caf::abstract_actor::is_terminated_flag);
}

} // namespace

node::node(scenario s)
    : plan_(std::move(s))
    , system_(cfg_)
    , scheduler_(dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler()))
    , world_(scheduler_.clock().now())
    , traffic_(plan_.asks, plan_.seed * 3 + 1) {
  dice chance(plan_.seed * 3 + 2);
  for (const auto& server : plan_.servers)
    world_.servers[server.name] =
        std::make_unique<ollama>(world_.time, server, chance.seed());
  world_.timing = plan_.how.upstream;
  watch_world();
  plant_faults();
  start_actors();
  drain();
  next_light();
  next_burst();
  faults_ = std::make_unique<faults>(world_, plan_.befalls, plan_.seed * 3);
}

void node::start_actors() {
  const auto probes = system_.spawn(prober, &world_);
  loader_ = system_.spawn(loader, &world_);
  const auto watches = system_.spawn(observer);
  upstreams_ = system_.spawn(upstreams, &world_);
  for (const auto& a :
       {caf::actor_cast<caf::actor>(probes), caf::actor_cast<caf::actor>(loader_),
        caf::actor_cast<caf::actor>(watches), caf::actor_cast<caf::actor>(upstreams_)})
    adapters_.push_back(a);
  dispatcher_ = system_.spawn(
      dispatcher, plan_.how,
      backend_factory{
          [=, this](const backend_ptr& server, const dispatcher_actor& whose) {
            backends_.push_back(system_.spawn(
                backend, server,
                backend_links{whose, watches, probes, loader_, plan_.how.upstream}));
            return backends_.back();
          }});
  for (int lane = 0; lane < 2; ++lane) {
    desks_.push_back(system_.spawn(desk, [this] { return dispatcher_; }));
    taps_.push_back(system_.spawn(tap, this, desks_.back()));
  }
}

node::~node() {
  asking_ = false;
  on_fault = [](const auto&) {};
  on_closed = [](const auto&, auto) {};
  leaked_.clear();
  for (auto& j : ledger_.jobs)
    if (j.generation) {
      caf::anon_send_exit(j.generation, caf::exit_reason::user_shutdown);
      caf::anon_send_exit(j.reader, caf::exit_reason::user_shutdown);
    }
  drain();
  for (const auto& open : std::set{world_.open})
    open->cancelled();
  for (const auto& t : taps_)
    caf::anon_send_exit(t, caf::exit_reason::user_shutdown);
  for (const auto& d : desks_)
    caf::anon_send_exit(d, caf::exit_reason::user_shutdown);
  drain();
  caf::anon_send_exit(dispatcher_, caf::exit_reason::user_shutdown);
  drain();
  for (const auto& a : adapters_)
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  drain();
}

void node::drain() {
  while (scheduler_.has_job())
    scheduler_.run();
}

void node::run(double until_s, const std::function<void()>& look) {
  auto& clock = scheduler_.clock();
  const auto until = world_.time.now() + in_ns(until_s - world_.time.elapsed());
  for (;;) {
    drain();
    auto then = next_look_;
    if (const auto event = world_.time.next())
      then = std::min(then, *event);
    if (!clock.schedule().empty())
      then = std::min(then, clock.schedule().begin()->first);
    then = std::max(then, world_.time.now());
    if (then > until)
      break;
    clock.advance_time(then - clock.now());
    world_.time.move_to(then);
    drain();
    while (world_.time.happen())
      drain();
    if (then >= next_look_) {
      look();
      const bool busy = !ledger_.waiting.empty() || !world_.open.empty();
      next_look_ = then + in_ns(busy ? half_a_second : calm);
    }
  }
  clock.advance_time(until - clock.now());
  world_.time.move_to(until);
  drain();
}

void node::next_light() {
  world_.time.in(traffic_.until_next(world_.time.elapsed()), [this] {
    if (!asking_)
      return;
    ask(traffic_.of_light_flow());
    next_light();
  });
}

void node::next_burst() {
  world_.time.in(traffic_.until_burst(), [this] {
    if (!asking_)
      return;
    for (auto n = traffic_.burst(); n > 0; --n)
      ask(traffic_.of_heavy_flow());
    next_burst();
  });
}

void node::stop_traffic() {
  asking_ = false;
  faults_->stop();
}

bool node::is_quiet() const {
  return ledger_.waiting.empty() && world_.open.empty();
}

std::size_t node::kept(const std::string& backend, bool takes_place) const {
  std::size_t n = 0;
  for (const auto& d : desks_)
    for (const auto& k : state_of<desk_state>(d).idle)
      n += k.held->backend == backend && k.takes_place == takes_place;
  return n;
}

void node::note(std::uint64_t number, std::uint64_t what) {
  for (const auto part :
       {number, what,
        static_cast<std::uint64_t>(world_.time.now().time_since_epoch().count())})
    trace_ = (trace_ ^ part) * 1099511628211u;
}

void node::ask(client c) {
  auto asks = std::move(c.asks);
  auto& j = ledger_.jobs.emplace_back();
  const auto number = ledger_.jobs.size() - 1;
  j.flow = asks->flow;
  if (plan_.planted == plant::one_flow)
    asks->flow = "everybody";
  asks->id = std::to_string(number);
  asks->asks.number = number;
  j.asks = asks;
  j.leaves_at = c.leaves_at;
  j.came = j.waits_since = world_.time.now();
  ledger_.waiting.insert(number);
  note(number, 1);
  on_came(j);
  stream_settings limits;
  limits.window_bytes = 64;
  j.generation = system_.spawn(
      generation, request_ptr{asks},
      generation_links{taps_[number % taps_.size()], upstreams_, limits, {}, {}});
  j.reader = system_.spawn(reader, this, number);
  caf::anon_send(j.generation, subscribe{j.reader, 0});
  caf::send_as(j.reader, j.generation, demand{1 << 20});
  if (c.patience_s > 0)
    world_.time.in(c.patience_s, [this, number] {
      if (auto& j = ledger_.jobs[number]; j.records == 0 && j.at != job::stage::over)
        leave(j);
    });
}

/// Half of those who leave say so; the others are gone.
void node::leave(job& j) {
  j.left = true;
  if (j.asks->asks.number % 2 == 0)
    caf::send_as(j.reader, j.generation, cancel{});
  else
    caf::anon_send_exit(j.reader, caf::exit_reason::user_shutdown);
  finished(j, "left");
}

void node::finished(job& j, const std::string& outcome) {
  const auto number = j.asks->asks.number;
  j.at = job::stage::over;
  j.outcome = outcome;
  ++ledger_.outcomes[outcome];
  ledger_.waiting.erase(number);
  note(number, std::hash<std::string>{}(outcome));
  if (plan_.planted == plant::ends_twice && !j.left && !std::exchange(planted_, true))
    caf::anon_send(j.reader, complete{});
  world_.time.in(1, [this, number] { bury(ledger_.jobs[number]); });
}

/// A second after its end, nothing of it is left.
void node::bury(job& j) {
  if (!has_ended(j.generation))
    on_fault("request " + j.asks->id + " is over (" + j.outcome +
             "), and its GENERATION is not");
  if (j.ends > 1 || (j.ends == 0 && !j.left))
    on_fault("request " + j.asks->id + " had " + std::to_string(j.ends) +
             " terminal events" + (j.left ? ", and had left" : ""));
  caf::anon_send_exit(j.reader, caf::exit_reason::user_shutdown);
  j.reader = nullptr;
  j.generation = nullptr;
  j.text = {};
}

} // namespace conductor::simulation
