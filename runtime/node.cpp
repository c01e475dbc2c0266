#include "runtime/node.hpp"

#include "actors/client.hpp"
#include "actors/generation.hpp"
#include "adapters/http/trace_start.hpp"
#include "adapters/keys/key_file.hpp"
#include "adapters/metrics/key_series.hpp"
#include "adapters/native/backup.hpp"
#include "adapters/native/json_input.hpp"
#include "adapters/native/native_feed.hpp"
#include "adapters/native/talk.hpp"
#include "adapters/responses/responses_feed.hpp"
#include "runtime/memory.hpp"
#include "runtime/node_parts.hpp"
#include "runtime/scheduler.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
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

/// Which may be long: what else the node is asked does not wait for them.
bool tells_conversations(const request& asked) {
  return asked.target.starts_with("/conductor/v1/sessions");
}

} // namespace
node::node(settings values, std::string version,
           std::function<void(const std::string&)> gave_up, handed given)
    : values_(std::move(values))
    , version_(std::move(version))
    , given_(std::move(given))
    , gave_up_(std::move(gave_up)) {
  certificates_.read(values_);
  const auto& most = values_.limits;
  const auto memory = most.memory_bytes > 0 ? most.memory_bytes : memory_of_machine() / 2;
  const auto part = [&](std::uint64_t asked) { return asked > 0 ? asked : memory / 2; };
  budget_ = std::make_shared<const memory_budget>(memory, part(most.key_memory_bytes),
                                                  part(most.peer_memory_bytes));
  counts_ = std::make_shared<series>(values_.metrics.models);
  if (shadows())
    counts_->add(transparency_);
  tune(caf_, values_.runtime);
  store_files_ = std::make_unique<store_files>(
      values_.data_dir.empty() ? std::string{} : values_.data_dir + "/conductor.db",
      given_.predecessor >= 0);
  store_files_->budget = budget_;
  gpus_ = std::make_unique<gpu_part>(values_.gpu);
  counts_->add(gpus_->counts());
  const auto keys = [this] { return key_table_.get(); };
  key_table_.set(table_of({}, nullptr));
  gate_ =
      std::make_shared<const gate>(values_.access.require, values_.server.insecure, keys);
  counts_->add(std::make_shared<key_series>(keys, refusals_, values_.metrics.models));
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
  s.upstreams = spawn_on(where, upstreams, &where, values_.upstream, towards_backends());
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
  aside_->upstreams = spawn_on(where, upstreams, &where, timing, towards_backends());
}

std::function<tls_context()> node::towards_backends() {
  return [this] { return certificates_.connecting(); };
}

/// On the lane of `at`.
answer_actor node::start_answer(station& at, const request_ptr& asked) {
  if (asked->target.starts_with("/conductor/v1/backup"))
    return spawn_on(*at.where, backup,
                    std::function<store_actor()>{[this] { return store_.get(); }},
                    asked->by);
  if (asked->kind == request_kind::follow) {
    const std::function<sessions_actor()> sessions = [this] { return sessions_.get(); };
    auto surface =
        asked->speaks == dialect::responses ? responses_feed(asked) : native_feed(asked);
    if (asked->body.size() > json_input::longest_on_lane)
      return caf::actor_cast<answer_actor>(
          spawn_worker(*system_, feed, asked, budget_, sessions, std::move(surface)));
    return caf::actor_cast<answer_actor>(
        spawn_on(*at.where, feed, asked, budget_, sessions, std::move(surface)));
  }
  return caf::actor_cast<answer_actor>(
      spawn_on(*at.where, generation, asked,
               generation_links{caf::actor_cast<places_actor>(at.desk),
                                caf::actor_cast<upstreams_actor>(at.upstreams),
                                values_.stream, spooled_, budget_}));
}

/// Of the lanes that carry streams: the admin listener's is for probes alone.
node::station& node::least_busy() {
  const auto end = stations_.end() - (values_.server.admin_listen ? 1 : 0);
  return **std::min_element(stations_.begin(), end, [](const auto& a, const auto& b) {
    return a->where->connections < b->where->connections;
  });
}

void node::start() {
  // Before anybody watches it. Where it cannot be made, the store tells.
  if (std::error_code told; !values_.data_dir.empty())
    std::filesystem::create_directories(values_.data_dir, told);
  key_table_.set(table_of(read_keys(key_file()), nullptr));
  check_keys();
  const auto lanes = values_.runtime.lanes != 0 ? values_.runtime.lanes
                                                : std::clamp(processors(), 1u, 8u);
  for (unsigned i = 0; i < lanes; ++i)
    build_lane("lane-" + std::to_string(i));
  if (values_.server.admin_listen)
    build_lane("lane-admin");
  if (values_.trace.collector || shadows())
    build_side_lane();
  liveness_ = std::make_unique<liveness>(*system_, lanes_, values_.runtime.stuck);

  auto exempt = values_.server.trusted_proxies;
  for (const auto* own : {"127.0.0.0/8", "::1"})
    exempt.push_back(parse_network(own));
  peers_ = std::make_shared<peer_book>(
      *stations_.front()->where, values_.limits.peer_connections, std::move(exempt));
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
  context->gate = gate_;
  context->refusals = refusals_;
  context->budget = budget_;
  if (at.tls)
    context->tls = [this] { return certificates_.accepting(); };
  // The admin's connections are accepted elsewhere, and are few.
  if (seats.front().where == stations_.front()->where)
    context->peers = peers_;
  context->make_client = [this](lane& where, const wire_actor& wire) {
    const auto mine = std::find_if(stations_.begin(), stations_.end(),
                                   [&](const auto& s) { return s->where == &where; });
    auto& s = **mine;
    const auto start = [this, &s](const request_ptr& asked) {
      return start_answer(s, asked);
    };
    return spawn_on(
        where, client,
        client_links{
            wire,
            [this](const request& asked) {
              return (tells_conversations(asked) ? conversations_ : resources_).get();
            },
            [this](const request& asked) { return health_answer(asked, *liveness_); },
            s.observer, start, values_.stream});
  };
  context->make_talk = [this](lane& where, peer_socket socket, upgrade_request asked,
                              std::string request_id, holder peer) {
    talk_links links;
    links.peer = std::move(peer);
    links.keys = [this] { return key_table_.get(); };
    const auto offered = asked["Sec-WebSocket-Protocol"];
    links.protocol = agreed_protocol({offered.data(), offered.size()});
    links.sessions = [this] { return sessions_.get(); };
    links.gpus = [this] { return gpus_->monitor(); };
    links.overview = [this] { return overview_.get(); };
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

void node::reread_keys() {
  caf::anon_send(keys_.get(), conductor::reread_keys{});
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

} // namespace conductor
