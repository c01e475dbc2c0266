#pragma once

#include "config/settings.hpp"
#include "messages/actors.hpp"
#include "tests/simulation/ollama.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace conductor::simulation {

class exchange;

/// The world around the node's actors: what the adapters are in the node, asking
/// simulated servers. Everything is told at once but for a millisecond on the way to a
/// server.
struct world {
  explicit world(time_point start) : time(start) {}

  timeline time;
  std::map<std::string, std::unique_ptr<ollama>> servers; ///< by name
  std::set<std::shared_ptr<exchange>> open;               ///< answers under way
  upstream_settings timing;
  /// By server: asked for by LOADER, and not answered.
  std::map<std::string, int> loading;
  std::function<void(const open_exchange&)> on_open = [](const auto&) {};
  std::function<void(exchange&)> on_close = [](auto&) {};
  std::function<bool()> loses_record = [] { return false; }; ///< planted
  std::function<bool()> loses_end = [] { return false; };    ///< planted
};

/// LINK's part: one exchange with a server, and who reads it.
class exchange : public caller, public std::enable_shared_from_this<exchange> {
public:
  exchange(world& w, open_exchange what, publisher_actor self);
  void begin();
  void demanded(std::uint64_t bytes);
  /// The reader wants nothing more, or has ended.
  void cancelled();

  void head(int status) override;
  void record(std::string text) override;
  void end(const usage& used) override;
  void lost(errc how, std::string detail) override;

  open_exchange what;
  bool over = false;
  bool at_server() const { return visit_ && !ended_; } ///< which has not said all
  double gpu_s() const { return visit_ ? visit_->gpu_s : 0; }

private:
  void flow();
  void close();
  void hear();
  void await_silence();
  milliseconds patience() const;

  world& world_;
  publisher_actor self_;
  visit_ptr visit_;
  std::uint64_t demand_ = 0;
  std::vector<std::string> ready_; ///< beyond demand
  bool ended_ = false;             ///< the server has said all
  usage used_;
  bool error_ = false; ///< a record was one
  bool spoke_ = false;
  time_point heard_{};
};

/// A client's request, and what it asks of whichever server it comes to.
struct scripted_request : request {
  question asks;
};

struct stand_in {
  static inline const char* name = "stand-in";
};
upstreams_actor::behavior_type upstreams(upstreams_actor::stateful_pointer<stand_in> self,
                                         world* w);

/// Told to itself when something is to be answered.
using asking_actor = prober_actor::extend<caf::reacts_to<tick>>;
struct prober_data {
  static inline const char* name = "prober";
  std::vector<std::function<void()>> due;
};
asking_actor::behavior_type prober(asking_actor::stateful_pointer<prober_data> self,
                                   world* w);

using bringing_actor = loader_actor::extend<caf::reacts_to<tick>>;
struct loader_data {
  static inline const char* name = "loader";
  std::vector<std::function<void()>> due;
};
bringing_actor::behavior_type loader(bringing_actor::stateful_pointer<loader_data> self,
                                     world* w);

observer_actor::behavior_type observer(observer_actor::stateful_pointer<stand_in> self);

} // namespace conductor::simulation
