#include "runtime/node_parts.hpp"

#include "actors/backend.hpp"
#include "actors/dispatcher.hpp"
#include "actors/sessions.hpp"
#include "adapters/console/console.hpp"
#include "adapters/native/chat.hpp"
#include "adapters/native/resources.hpp"
#include "adapters/native/session_id.hpp"
#include "adapters/native/session_json.hpp"
#include "adapters/ollama/loader.hpp"
#include "adapters/ollama/prober.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace conductor {

namespace {

wall_time wall_clock() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

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
  all.push_back(
      {"keys", [this] {
         keys_.set(caf::actor_cast<keys_actor>(spawn_worker(*system_, keys, for_keys())));
         return keys_.get().address();
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
  for (auto* const slot : {&resources_, &conversations_})
    all.push_back({slot == &resources_ ? "resources" : "conversations", [this, slot] {
                     resources_links links{[this] { return dispatcher_.get(); },
                                           facts(),
                                           [this] { return sessions_.get(); },
                                           [this] { return desks(); },
                                           new_session_id,
                                           [this] { return observers(); },
                                           [this] { return scrape_.get(); },
                                           [this] { return gpus_->monitor(); },
                                           {},
                                           [this] { return keys_.get(); },
                                           [this] { return key_table_.get(); }};
                     if (values_.server.console)
                       links.console = console;
                     slot->set(spawn_worker(*system_, resources, std::move(links)));
                     return slot->get().address();
                   }});
  all.push_back({"overview", [this] {
                   overview_.set(spawn_worker(
                       *system_, overview,
                       overview_links{[this] { return resources_.get(); }, wall_clock}));
                   return overview_.get().address();
                 }});
  return all;
}

session_links node::for_sessions() {
  session_links links;
  links.store = [this] { return store_.get(); };
  links.dispatcher = [this] { return dispatcher_.get(); };
  links.observer = [this] { return fleet_observer_.get(); };
  links.start = [this](const request_ptr& asked) {
    return start_answer(least_busy(), asked);
  };
  links.codec = {chat::read_records,
                 chat::assistant_message,
                 chat::quoted,
                 chat::merged,
                 chat::changed_settings,
                 chat::joined,
                 chat::context_of,
                 chat::is_plain,
                 chat::keeps,
                 [](const session_event& e) { return to_json(e); }};
  links.budget = budget_;
  links.part_of = [this](const std::string& owner) {
    const auto by = key_table_.get()->find(owner);
    return by ? by->meter->held : shared_sum{};
  };
  links.most_answer_bytes = values_.stream.buffer_bytes;
  links.continues = values_.stream.continue_elsewhere;
  links.continued = continued_;
  links.clock = wall_clock;
  links.window_bytes = values_.stream.window_bytes;
  return links;
}

std::string node::key_file() const {
  return values_.data_dir.empty() ? std::string{} : values_.data_dir + "/keys.json";
}

keys_links node::for_keys() {
  return {key_file(),
          files_,
          [this] { return key_table_.get(); },
          [this](key_table_ptr now) { key_table_.set(std::move(now)); },
          wall_clock,
          [this] { return desks(); }};
}

void node::check_keys() const {
  auto all = values_.server.listen;
  if (values_.server.admin_listen)
    all.push_back(*values_.server.admin_listen);
  const auto open =
      std::find_if(all.begin(), all.end(), [](const auto& e) { return !is_local(e); });
  if (open != all.end() && !values_.server.insecure &&
      !key_table_.get()->lets_in(wall_clock()))
    throw std::runtime_error(
        to_listen(*open) + " can be reached from other machines, and there is no key to "
                           "let them in: make one with conductor keys create NAME, while "
                           "the node listens at loopback or a Unix socket alone; or let "
                           "everybody in with --insecure");
}

node_facts node::facts() {
  node_facts f{version_, {}, started_, [this] { return connections(); }};
  for (const auto& at : addresses_)
    f.listen.push_back(to_listen(at));
  return f;
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
    return a.type == endpoint::kind::tcp && !a.tls;
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

std::string node::metrics(const fleet_status& fleet, const sessions_status& sessions,
                          const process_facts& process, exposition as) const {
  node_reading now;
  now.version = version_;
  now.uptime_seconds =
      std::chrono::duration<double>(request_clock::now() - started_).count();
  now.connections = connections();
  now.spooled_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(*spooled_, 0));
  now.memory_held = budget_->held();
  now.memory_limit = budget_->limit();
  now.certificate_end = certificates_.end();
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

} // namespace conductor
