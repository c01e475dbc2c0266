#include "runtime/node.hpp"

#include "actors/backend.hpp"
#include "actors/client.hpp"
#include "actors/desk.hpp"
#include "actors/dispatcher.hpp"
#include "actors/generation.hpp"
#include "actors/sessions.hpp"
#include "adapters/http/trace_start.hpp"
#include "adapters/lane/hosted.hpp"
#include "adapters/metrics/observer.hpp"
#include "adapters/native/backup.hpp"
#include "adapters/native/chat.hpp"
#include "adapters/native/native_feed.hpp"
#include "adapters/native/resources.hpp"
#include "adapters/native/session_id.hpp"
#include "adapters/native/talk.hpp"
#include "adapters/ollama/loader.hpp"
#include "adapters/ollama/prober.hpp"
#include "adapters/ollama/upstreams.hpp"
#include "adapters/responses/responses_feed.hpp"
#include "runtime/scheduler.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

namespace conductor {
namespace {

unsigned processors() {
  return std::max(1u, std::thread::hardware_concurrency());
}

/// CAF's workers: woken at once, asleep when idle. A moderate attempt sleeps 50 us that
/// nothing can interrupt, so there is none.
void tune(caf::actor_system_config& cfg, const runtime_settings& s) {
  cfg.load<quiet_scheduler>();
  const auto workers = s.workers != 0 ? s.workers : std::clamp(processors() / 2, 1u, 4u);
  cfg.set("scheduler.max-threads", workers);
  cfg.set("work-stealing.aggressive-poll-attempts", std::size_t{1});
  cfg.set("work-stealing.moderate-poll-attempts", std::size_t{0});
  cfg.set("work-stealing.relaxed-sleep-duration", caf::timespan{std::chrono::seconds(1)});
}

/// Needs no worker, so that it is told also when these are stuck; empty: another path.
std::optional<response> health_answer(const request& asked, liveness& life) {
  constexpr const char* plain = "text/plain; charset=utf-8";
  if (asked.target.substr(0, asked.target.find('?')) != "/healthz")
    return std::nullopt;
  if (asked.method != "GET" && asked.method != "HEAD")
    return response{405, plain, "405 method not allowed", {{"Allow", "GET, HEAD"}}};
  life.prod();
  auto stuck = life.stuck();
  if (stuck.empty())
    return response{200, plain, "ok\n", {}};
  return response{503, plain, std::move(stuck), {}};
}

} // namespace

/// One lane and the actors that live there.
struct node::station {
  lane* where = nullptr;
  pool_actor upstreams;
  observer_actor observer;
  desk_actor desk;
  door_actor door;
};

node::node(settings values, std::string version,
           std::function<void(const std::string&)> gave_up, handed given)
    : values_(std::move(values))
    , version_(std::move(version))
    , given_(std::move(given))
    , gave_up_(std::move(gave_up)) {
  counts_ = std::make_shared<series>(values_.metrics.models);
  if (shadows())
    counts_->add(transparency_);
  tune(caf_, values_.runtime);
  store_files_ = std::make_unique<store_files>(
      values_.data_dir.empty() ? std::string{} : values_.data_dir + "/conductor.db",
      given_.predecessor >= 0);
  gpus_ = std::make_unique<gpu_part>(values_.gpu);
  counts_->add(gpus_->counts());
  system_.emplace(caf_);
  backends_.set(values_.backends);
  models_.set(values_.models);
  pulses::all().limit = std::chrono::nanoseconds(values_.runtime.stall).count();
}

node::~node() {
  finish();
}

void node::build_lane(const std::string& name) {
  auto& where = *lanes_.emplace_back(std::make_unique<lane>(*system_, name));
  auto& s = *stations_.emplace_back(std::make_unique<station>());
  s.where = &where;
  s.upstreams = spawn_on(where, upstreams, &where, values_.upstream);
  s.observer =
      spawn_on(where, observer, counts_->add_tally(), for_observer(values_.log.requests));
  s.desk =
      spawn_on(where, desk,
               std::function<dispatcher_actor()>{[this] { return dispatcher_.get(); }});
  s.door = spawn_on(where, door, &where);
}

/// What the node asks for its own sake, and may take long, goes by a lane of its own.
void node::build_side_lane() {
  auto& where = *lanes_.emplace_back(std::make_unique<lane>(*system_, "lane-aside"));
  aside_ = std::make_unique<station>();
  aside_->where = &where;
  auto timing = values_.upstream;
  timing.connect_timeout = std::max(timing.connect_timeout, milliseconds(1000));
  timing.first_byte_timeout = timing.gap_timeout = milliseconds(10'000);
  aside_->upstreams = spawn_on(where, upstreams, &where, timing);
}

scrape_links node::for_scrape() {
  return {[this] { return dispatcher_.get(); }, [this] { return sessions_.get(); },
          [this] { return process_.get(); },
          [this](const fleet_status& fleet, const sessions_status& sessions,
                 const process_facts& process,
                 exposition as) { return metrics(fleet, sessions, process, as); }};
}

bool node::shadows() const {
  return !values_.metrics.shadow_model.empty();
}

shadow_links node::for_shadow() {
  shadow_links links;
  links.upstreams = caf::actor_cast<upstreams_actor>(aside_->upstreams);
  links.dispatcher = [this] { return dispatcher_.get(); };
  auto self = std::make_shared<backend_settings>();
  self->name = "conductor";
  const auto tcp = std::find_if(addresses_.begin(), addresses_.end(), [](const auto& a) {
    return a.type == endpoint::kind::tcp;
  });
  self->url = *tcp;
  links.node = std::move(self);
  links.model = values_.metrics.shadow_model;
  links.every = values_.metrics.shadow_interval;
  links.found = [to = transparency_](const shadow_outcome& o) {
    if (o.what == shadow_outcome::result::compared)
      to->compared({o.first_s, o.total_s});
    else if (o.what == shadow_outcome::result::failed)
      to->failed();
    else
      to->skipped();
  };
  return links;
}

observer_settings node::for_observer(bool log_requests) {
  observer_settings how;
  how.log_requests = log_requests;
  how.keep = values_.log.keep_requests;
  if (values_.trace.collector)
    how.exporter = [this] { return exporter_.get(); };
  return how;
}

/// In the order in which they need each other.
std::vector<child_spec> node::children() {
  std::vector<child_spec> all;
  for (const auto& s : stations_) {
    const auto watch = [&](std::string role, auto handle) {
      all.push_back({std::move(role) + " of " + s->where->name(),
                     [handle] { return handle.address(); }, false});
    };
    watch("upstreams", s->upstreams);
    watch("observer", s->observer);
    watch("desk", s->desk);
    watch("door", s->door);
  }
  if (values_.trace.collector) {
    const auto of = otlp::resource{version_, to_string(addresses_.front())};
    all.push_back({"exporter", [this, of] {
                     auto e = spawn_on(*aside_->where, exporter, values_.trace,
                                       exporter_links{caf::actor_cast<upstreams_actor>(
                                                          aside_->upstreams),
                                                      of, spans_});
                     exporter_.set(caf::actor_cast<exporter_actor>(e));
                     return e.address();
                   }});
  }
  all.push_back({"observer", [this, tally = counts_->add_tally()] {
                   fleet_observer_.set(
                       spawn_worker(*system_, observer, tally, for_observer(false)));
                   return fleet_observer_.get().address();
                 }});
  all.push_back({"prober", [this] {
                   auto& first = *stations_.front();
                   auto p = spawn_on(*first.where, prober,
                                     caf::actor_cast<upstreams_actor>(first.upstreams),
                                     values_.upstream);
                   prober_.set(caf::actor_cast<prober_actor>(p));
                   return p.address();
                 }});
  all.push_back({"loader", [this] {
                   auto& first = *stations_.front();
                   auto l = spawn_on(*first.where, loader,
                                     caf::actor_cast<upstreams_actor>(first.upstreams),
                                     values_.upstream);
                   loader_.set(caf::actor_cast<loader_actor>(l));
                   return l.address();
                 }});
  all.push_back({"dispatcher", [this] {
                   const auto start = [this](const backend_ptr& server,
                                             const dispatcher_actor& home) {
                     return spawn_worker(*system_, backend, server,
                                         backend_links{home, fleet_observer_.get(),
                                                       prober_.get(), loader_.get(),
                                                       values_.upstream});
                   };
                   dispatcher_.set(
                       spawn_worker(*system_, dispatcher,
                                    dispatcher_settings{backends_.get(), models_.get(),
                                                        values_.queue, values_.upstream},
                                    backend_factory{start}));
                   return dispatcher_.get().address();
                 }});
  if (shadows())
    all.push_back({"shadow", [this] {
                     auto s = spawn_on(*aside_->where, shadow, for_shadow());
                     shadow_.set(s);
                     return s.address();
                   }});
  all.push_back({"store", [this] {
                   auto s = spawn_worker(*system_, store, store_files_.get());
                   store_.set(caf::actor_cast<store_actor>(s));
                   return s.address();
                 }});
  all.push_back(
      {"sessions", [this] {
         const auto start = [this](session_record_ptr record, session_links links) {
           return spawn_worker(*system_, session, std::move(record), std::move(links));
         };
         sessions_.set(spawn_worker(
             *system_, sessions, for_sessions(),
             std::function<session_actor(session_record_ptr, session_links)>{start}));
         return sessions_.get().address();
       }});
  all.push_back({"process-probe", [this] {
                   process_.set(spawn_worker(*system_, process_probe, files_));
                   return process_.get().address();
                 }});
  all.push_back({"scrape", [this] {
                   scrape_.set(spawn_worker(*system_, scrape, for_scrape()));
                   return scrape_.get().address();
                 }});
  for (auto& child : gpus_->children(*system_, [this] { return dispatcher_.get(); }))
    all.push_back(std::move(child));
  all.push_back({"resources", [this] {
                   resources_links links{[this] { return dispatcher_.get(); },
                                         facts(),
                                         [this] { return sessions_.get(); },
                                         [this] { return desks(); },
                                         new_session_id,
                                         [this] { return observers(); },
                                         [this] { return scrape_.get(); },
                                         [this] { return gpus_->monitor(); }};
                   resources_.set(spawn_worker(*system_, resources, std::move(links)));
                   return resources_.get().address();
                 }});
  return all;
}

/// On the lane of `at`.
publisher_actor node::start_answer(station& at, const request_ptr& asked) {
  if (asked->target.starts_with("/conductor/v1/backup"))
    return spawn_on(*at.where, backup,
                    std::function<store_actor()>{[this] { return store_.get(); }});
  if (asked->kind == request_kind::follow)
    return caf::actor_cast<publisher_actor>(
        spawn_on(*at.where, feed, asked,
                 std::function<sessions_actor()>{[this] { return sessions_.get(); }},
                 asked->speaks == dialect::responses ? responses_feed(asked)
                                                     : native_feed(asked)));
  return caf::actor_cast<publisher_actor>(
      spawn_on(*at.where, generation, asked,
               generation_links{caf::actor_cast<places_actor>(at.desk),
                                caf::actor_cast<upstreams_actor>(at.upstreams),
                                values_.stream, spooled_}));
}

/// Of the lanes that carry streams: the admin listener's is for probes alone.
node::station& node::least_busy() {
  const auto end = stations_.end() - (values_.server.admin_listen ? 1 : 0);
  return **std::min_element(stations_.begin(), end, [](const auto& a, const auto& b) {
    return a->where->connections < b->where->connections;
  });
}

session_links node::for_sessions() {
  session_links links;
  links.store = [this] { return store_.get(); };
  links.dispatcher = [this] { return dispatcher_.get(); };
  links.observer = [this] { return fleet_observer_.get(); };
  links.start = [this](const request_ptr& asked) {
    return start_answer(least_busy(), asked);
  };
  links.codec = {chat::read_records, chat::assistant_message, chat::quoted,
                 chat::merged,       chat::changed_settings,  chat::joined,
                 chat::context_of,   chat::is_plain};
  links.continues = values_.stream.continue_elsewhere;
  links.continued = continued_;
  links.clock = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  links.window_bytes = values_.stream.window_bytes;
  return links;
}

node_facts node::facts() {
  node_facts f{version_, {}, started_, [this] { return connections(); }};
  for (const auto& at : addresses_)
    f.listen.push_back(to_string(at));
  return f;
}

void node::start() {
  const auto lanes = values_.runtime.lanes != 0 ? values_.runtime.lanes
                                                : std::clamp(processors(), 1u, 8u);
  for (unsigned i = 0; i < lanes; ++i)
    build_lane("lane-" + std::to_string(i));
  if (values_.server.admin_listen)
    build_lane("lane-admin");
  if (values_.trace.collector || shadows())
    build_side_lane();
  liveness_ = std::make_unique<liveness>(*system_, lanes_, values_.runtime.stuck);

  std::vector<listener::seat> seats;
  for (unsigned i = 0; i < lanes; ++i)
    seats.push_back({stations_[i]->where, stations_[i]->door});
  for (const auto& at : values_.server.listen)
    listen(at, seats);
  if (values_.server.admin_listen)
    listen(*values_.server.admin_listen,
           {{stations_.back()->where, stations_.back()->door}});

  supervisor_ = spawn_worker(
      *system_, supervisor, children(),
      supervisor_news{// Nobody is let in before everybody is there to serve.
                      [this] {
                        for (auto& l : listeners_)
                          l->start();
                      },
                      [](const std::string& child, const std::string& reason) {
                        spdlog::error("{} failed and is started anew: {}", child, reason);
                      },
                      [this](const std::string& child, const std::string& reason) {
                        gave_up_(child + " failed for good: " + reason);
                      }});
  for (auto& l : lanes_)
    l->start();
}

void node::listen(const endpoint& at, std::vector<listener::seat> seats) {
  auto context = std::make_shared<wire_context>();
  context->server = values_.server;
  context->stream = values_.stream;
  context->trace = values_.trace;
  context->guard = {is_local(at) && at.type == endpoint::kind::tcp,
                    values_.server.origins};
  context->default_class =
      class_named(values_.queue.default_class).value_or(priority_class::normal);
  context->make_client = [this](lane& where, const wire_actor& wire) {
    const auto mine = std::find_if(stations_.begin(), stations_.end(),
                                   [&](const auto& s) { return s->where == &where; });
    auto& s = **mine;
    const auto start = [this, &s](const request_ptr& asked) {
      return start_answer(s, asked);
    };
    return spawn_on(where, client,
                    client_links{wire, [this] { return resources_.get(); },
                                 [this](const request& asked) {
                                   return health_answer(asked, *liveness_);
                                 },
                                 s.observer, start, values_.stream});
  };
  context->make_talk = [this](lane& where, stream_socket socket, upgrade_request asked,
                              std::string request_id) {
    talk_links links;
    links.sessions = [this] { return sessions_.get(); };
    links.gpus = [this] { return gpus_->monitor(); };
    links.request_id = std::move(request_id);
    if (values_.trace.collector)
      links.trace = [share = values_.trace.sample] { return begin_trace(share); };
    links.max_message_bytes =
        std::min(links.max_message_bytes, values_.server.max_body_bytes);
    return caf::actor_cast<talk_actor>(spawn_class_on<talk>(
        where, std::move(socket), std::move(asked), std::move(links)));
  };
  std::optional<listener::open_socket> open;
  for (const auto& s : given_.sockets)
    if (s.at == at)
      open = {s.descriptor, s.own};
  listeners_.push_back(
      std::make_unique<listener>(at, std::move(seats), std::move(context), open));
  addresses_.push_back(listeners_.back()->address());
}

std::vector<handed_socket> node::sockets() const {
  std::vector<handed_socket> all;
  for (const auto& l : listeners_) {
    const auto open = l->socket();
    const bool admin = values_.server.admin_listen && l == listeners_.back();
    all.push_back({open.descriptor, l->address(), admin, open.own});
  }
  return all;
}

void node::succeeded() {
  for (auto& l : listeners_)
    l->leave_file();
}

std::size_t node::connections() const {
  std::size_t n = 0;
  for (const auto& l : lanes_)
    n += l->connections;
  return n;
}

std::vector<desk_actor> node::desks() const {
  std::vector<desk_actor> all;
  for (const auto& s : stations_)
    all.push_back(s->desk);
  return all;
}

std::vector<observer_actor> node::observers() const {
  std::vector<observer_actor> all{fleet_observer_.get()};
  for (const auto& s : stations_)
    all.push_back(s->observer);
  return all;
}

std::string node::metrics(const fleet_status& fleet, const sessions_status& sessions,
                          const process_facts& process, exposition as) const {
  node_reading now;
  now.version = version_;
  now.uptime_seconds =
      std::chrono::duration<double>(request_clock::now() - started_).count();
  now.connections = connections();
  now.spooled_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(*spooled_, 0));
  now.sessions = sessions;
  now.store_writes = store_files_->write_seconds.read();
  now.continued = static_cast<std::uint64_t>(*continued_);
  now.spans_exported = spans_->exported;
  now.spans_dropped = spans_->dropped;
  now.mailboxes = {{"dispatcher", fleet.mailbox}, {"sessions", sessions.mailbox}};
  now.process = process;
  for (const auto& l : lanes_) {
    now.relay_upstream.add(l->relay.upstream.read());
    now.relay_conductor.add(l->relay.conductor.read());
    now.relay_client.add(l->relay.client.read());
    now.mailboxes.emplace_back(l->name(), l->backlog.load());
  }
  return counts_->text(fleet, now, as);
}

void node::use_fleet(std::vector<backend_settings> backends,
                     std::vector<model_settings> models) {
  backends_.set(backends); // for a DISPATCHER that is started anew
  models_.set(models);
  fleet_config now;
  for (auto& server : backends)
    now.backends.push_back(std::make_shared<const backend_settings>(std::move(server)));
  now.models = std::make_shared<const std::vector<model_settings>>(std::move(models));
  caf::anon_send(dispatcher_.get(), std::move(now));
}

void node::begin_stop(std::function<void()> done) {
  // The doors close when nobody is on the way to them any more.
  auto open = std::make_shared<std::atomic<std::size_t>>(listeners_.size());
  for (auto& l : listeners_)
    l->stop([this, open, done] {
      if (--*open == 0)
        drain_connections(done);
    });
}

void node::drain_connections(std::function<void()> done) {
  auto left = std::make_shared<std::size_t>(stations_.size() + 1);
  system_->spawn([this, left, done](caf::event_based_actor* self) {
    const auto one_less = [=, this] {
      if (--*left == 0)
        flush_spans(self, [=] {
          self->quit();
          done();
        });
    };
    // A door that failed has nobody left to wait for.
    for (auto& s : stations_)
      self->request(s->door, caf::infinite, drain{})
          .then([=](const drained&) { one_less(); },
                [=](const caf::error&) { one_less(); });
    // Conversations whose clients have left are drained too.
    self->request(sessions_.get(), caf::infinite, drain{})
        .then([=](const drained&) { one_less(); },
              [=](const caf::error&) { one_less(); });
    self->delayed_send(self, values_.server.drain, expel{});
    return caf::behavior{[this](expel) { expel_clients(); }};
  });
}

/// What is traced leaves the node before it ends, if the collector takes it soon.
void node::flush_spans(caf::event_based_actor* self, std::function<void()> then) {
  if (!values_.trace.collector) {
    then();
    return;
  }
  constexpr auto soon = std::chrono::seconds(2);
  auto left = std::make_shared<std::size_t>(observers().size());
  const auto one_less = [=, this] {
    if (--*left == 0)
      self->request(exporter_.get(), soon, drain{})
          .then([=](const drained&) { then(); }, [=](const caf::error&) { then(); });
  };
  for (const auto& o : observers())
    self->request(o, soon, drain{})
        .then([=](const drained&) { one_less(); },
              [=](const caf::error&) { one_less(); });
}

void node::expel_clients() {
  for (auto& s : stations_)
    caf::anon_send(s->door, expel{});
  caf::anon_send(sessions_.get(), expel{});
}

void node::finish() {
  if (std::exchange(finished_, true))
    return;
  // Where the start failed, the actors of the lanes have still to hear that they end.
  for (auto& l : lanes_)
    l->start();
  // SUPERVISOR first: what ends from now on ends in order.
  const auto end = [](const auto& who) {
    if (who)
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  };
  end(supervisor_);
  if (liveness_)
    liveness_->end();
  for (auto& s : stations_) {
    end(s->door);
    end(s->desk);
    end(s->upstreams);
    end(s->observer);
  }
  if (aside_)
    end(aside_->upstreams);
  end(exporter_.get());
  end(shadow_.get());
  end(sessions_.get());
  end(store_.get());
  gpus_->end();
  end(prober_.get());
  end(loader_.get());
  end(resources_.get());
  end(scrape_.get());
  end(process_.get());
  end(dispatcher_.get());
  end(fleet_observer_.get());
  supervisor_ = nullptr;
  exporter_.clear();
  shadow_.clear();
  aside_.reset();
  sessions_.clear();
  store_.clear();
  prober_.clear();
  loader_.clear();
  resources_.clear();
  scrape_.clear();
  process_.clear();
  dispatcher_.clear();
  fleet_observer_.clear();
  stations_.clear();
  system_->await_all_actors_done();
  for (auto& l : lanes_)
    l->release();
  for (auto& l : lanes_)
    l->join();
  listeners_.clear();
  liveness_.reset();
  store_files_.reset();
  files_.reset();
  gpus_.reset();
  system_.reset();
  lanes_.clear();
}

} // namespace conductor
