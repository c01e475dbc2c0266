#pragma once

#include "actors/session.hpp"
#include "actors/supervisor.hpp"
#include "adapters/http/listener.hpp"
#include "adapters/keys/gate.hpp"
#include "adapters/keys/keys.hpp"
#include "adapters/lane/lane.hpp"
#include "adapters/metrics/observer.hpp"
#include "adapters/metrics/scrape.hpp"
#include "adapters/metrics/series.hpp"
#include "adapters/metrics/transparency.hpp"
#include "adapters/native/overview.hpp"
#include "adapters/native/resources.hpp"
#include "adapters/ollama/shadow.hpp"
#include "adapters/store/store.hpp"
#include "adapters/trace/exporter.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"
#include "runtime/certificates.hpp"
#include "runtime/gpu_part.hpp"
#include "runtime/handed.hpp"
#include "runtime/liveness.hpp"
#include "runtime/slot.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace conductor {

/// The running program: builds every part from the settings, wires them, and takes them
/// down in the order that loses nothing. All calls from one thread, `main`'s or a test's.
class node {
public:
  /// `gave_up` is called, on any thread, when a part failed for good. An address at which
  /// a socket of `given` listens already is not bound anew.
  node(settings values, std::string version,
       std::function<void(const std::string& reason)> gave_up, handed given = {});
  ~node();

  /// Binds every address, then begins to accept. Throws std::runtime_error, also where
  /// the file of keys cannot be used, or others could come in and there is no key.
  void start();

  /// Addresses in use, with real ports; the admin listener's last.
  const std::vector<endpoint>& addresses() const noexcept { return addresses_; }

  /// These are the backends, and so are models run, from now on; answers in flight are
  /// not touched.
  void use_fleet(std::vector<backend_settings> backends,
                 std::vector<model_settings> models);

  /// Connections that begin from now on do so with these. Whether clients see another
  /// one. Throws std::runtime_error; then all stays as it is.
  bool use_certificates(const settings& values) { return certificates_.read(values); }

  /// Where its keys are kept; empty: nowhere.
  std::string key_file() const;
  /// The file of keys may have been changed by another process.
  void reread_keys();

  /// Looks whether its threads turn; to be called now and then.
  void look_for_life() { liveness_->prod(); }
  /// Who does not turn, a line each; empty: all do. Any thread.
  std::string stuck() const { return liveness_->stuck(); }

  /// The listening sockets, for a node that takes this one's place.
  std::vector<handed_socket> sockets() const;
  /// That node serves now: the files of Unix sockets are its.
  void succeeded();
  /// The node whose place this one took is gone: its conversations are this one's. Until
  /// then what is asked of them waits.
  void predecessor_gone() { store_files_->release(); }

  /// Stops accepting, lets answers in flight end; `done` is called once, on another
  /// thread, when the last connection has ended or `server.drain` and `expel` made it.
  void begin_stop(std::function<void()> done);
  /// Ends what is still in flight with an error, now.
  void expel_clients();
  /// After `done`: ends every actor and thread. Blocks; for `main` only.
  void finish();

private:
  struct station; // one lane and its actors
  void build_lane(const std::string& name);
  void build_side_lane();
  std::function<tls_context()> towards_backends();
  scrape_links for_scrape();
  bool shadows() const;
  shadow_links for_shadow();
  observer_settings for_observer(bool log_requests);
  std::vector<child_spec> children();
  node_facts facts();
  keys_links for_keys();
  void check_keys() const;
  answer_actor start_answer(station& at, const request_ptr& asked);
  session_links for_sessions();
  void listen(const endpoint& at, std::vector<listener::seat> seats);
  void drain_connections(std::function<void()> done);
  std::size_t connections() const;
  std::vector<desk_actor> desks() const;
  std::vector<observer_actor> observers() const;
  void flush_spans(caf::event_based_actor* self, std::function<void()> then);
  std::string metrics(const fleet_status& fleet, const sessions_status& sessions,
                      const process_facts& process, exposition as) const;
  station& least_busy();

  settings values_;
  std::string version_;
  handed given_;
  request_clock::time_point started_ = request_clock::now();
  std::vector<std::unique_ptr<lane>> lanes_; // outlive the system
  caf::actor_system_config caf_;
  std::optional<caf::actor_system> system_;
  std::shared_ptr<series> counts_;
  shared_sum spooled_ = std::make_shared<std::atomic<std::int64_t>>(0);
  budget_ptr budget_; ///< what the node may hold for others
  std::shared_ptr<peer_book> peers_;
  certificates certificates_{[this](auto job) { files_->post(std::move(job)); }};
  shared_sum continued_ = std::make_shared<std::atomic<std::int64_t>>(0);
  std::shared_ptr<executor> files_ = std::make_shared<executor>("files");
  std::shared_ptr<span_counts> spans_ = std::make_shared<span_counts>();
  std::vector<std::unique_ptr<station>> stations_; // the admin's last, if there is one
  std::unique_ptr<station> aside_;                 ///< null: nothing goes by it
  slot<exporter_actor> exporter_;
  slot<key_table_ptr> key_table_;
  slot<keys_actor> keys_;
  std::shared_ptr<refusal_counts> refusals_ = std::make_shared<refusal_counts>();
  std::shared_ptr<const gate> gate_;
  std::unique_ptr<store_files> store_files_;     // ends before the system
  slot<std::vector<backend_settings>> backends_; ///< as configured now,
  slot<std::vector<model_settings>> models_;     ///< these too
  std::unique_ptr<gpu_part> gpus_;               // likewise
  slot<process_actor> process_;
  slot<resources_actor> scrape_;
  slot<shadow_actor> shadow_;
  std::shared_ptr<transparency> transparency_ = std::make_shared<transparency>();
  slot<dispatcher_actor> dispatcher_;
  slot<prober_actor> prober_;
  slot<loader_actor> loader_;
  slot<resources_actor> resources_;
  slot<resources_actor> conversations_; ///< likewise, of these alone
  slot<overview_actor> overview_;
  slot<observer_actor> fleet_observer_;
  slot<store_actor> store_;
  slot<sessions_actor> sessions_;
  supervisor_actor supervisor_;
  std::function<void(const std::string&)> gave_up_;
  std::unique_ptr<liveness> liveness_;
  std::vector<std::unique_ptr<listener>> listeners_;
  std::vector<endpoint> addresses_;
  bool finished_ = false;
};

} // namespace conductor
