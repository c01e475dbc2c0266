#pragma once

#include "actors/breaker.hpp"
#include "actors/routing.hpp"
#include "actors/runner.hpp"
#include "config/settings.hpp"
#include "messages/fleet.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace conductor {

/// How the fleet is used.
struct fleet_settings {
  std::vector<model_settings> models;
  bool loads = true; ///< loads are the node's
  std::chrono::milliseconds swap_after{10'000};
  std::chrono::milliseconds zombie_grace{5'000};
  std::chrono::milliseconds stall_floor{30'000}; ///< 0: nothing is ever suspect
};

/// What the node knows of its backends and of the models in their memory: who has room
/// for what, and what a request would have to wait for. Pure: fed with news and times;
/// owned by DISPATCHER.
///
/// A place that was given is taken until `ended`; the place of an answer that was given
/// up stays taken as a zombie until a first record, an idle model or `zombie_grace` shows
/// that Ollama is done with it. One model is loaded at a time on each backend. A load
/// that would have another model make room waits until that is idle and nobody waits for
/// it, but no longer than `swap_after`, and never swaps more often than that while both
/// are wanted.
class fleet {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using seconds = double;

  /// A load under way.
  struct load {
    std::string key; ///< of the runner
    std::string model;
    std::string options;
    body_changes set;
    std::string derive_from; ///< the model is to be made of that one first
    bool embeds = false;
    time_point since{};
    std::chrono::milliseconds patience{}; ///< learned; zero: too little is known
    std::string flow;                     ///< who forced it
    priority_class priority = priority_class::normal;
    bool forced = false; ///< by a request, not by an operator
    bool swaps = false;  ///< something had to leave for it
    bool trial = false;  ///< of a server at which answers or loads failed
  };
  /// One backend.
  struct member {
    backend_ptr server;
    backend_load told; ///< what others see; counts included
    breaker circuit;
    std::unordered_map<std::string, known_model> has; ///< by canonical name
    std::unordered_set<std::string> keys;             ///< of the runners it can have
    std::map<std::string, runner> runners;            ///< by blob, else by canonical name
    std::optional<load> loading;
    /// What was loaded last, and when.
    struct {
      std::string key;
      time_point began{};
      time_point ended{};
    } last_load;
    std::string just_loaded; ///< since the last probe: what vanished had to make room
    std::map<std::string, std::pair<time_point, std::string>>
        failed_loads;                                     ///< until, why
    std::set<std::pair<std::string, std::string>> rivals; ///< do not fit together
    time_point heard_at{}; ///< the last probe that succeeded
    bool leaving = false;  ///< is no longer configured; ends with its last lease
  };
  /// What a lease stands for.
  struct place {
    std::string backend;
    std::string key;
    bool takes_place = false;
    bool trial = false;
    bool edits = false; ///< changes what the backend has, or what is loaded there
    std::string loads;  ///< with these options, where it edits and takes a place
    double charged = 0; ///< seconds, until it is known what it took
  };
  /// A zombie that is one no longer: its flow is billed.
  struct burial {
    std::string flow;
    priority_class priority = priority_class::normal;
    std::chrono::nanoseconds lasted{};
  };

  fleet() = default;
  explicit fleet(fleet_settings how) : how_(std::move(how)) {}

  /// Counts from the next decision on.
  void use_models(std::vector<model_settings> models) { how_.models = std::move(models); }

  // The backends (fleet.cpp).
  /// New, or changed: what is in flight stays. True: its BACKEND is to be started anew.
  bool put(backend_ptr server);
  /// False: there is none of that name.
  bool remove(const std::string& name);
  bool drain(const std::string& name, bool on);
  member* find(const std::string& name);
  const std::list<member>& all() const { return members_; }
  /// BACKEND's news. Returns the zombies that are none any longer.
  std::vector<burial> heard(backend_status status, time_point now);
  void failed(const attempt_failed& failure, time_point now);

  // What requests find (fleet_choice.cpp).
  std::vector<candidate> assess(const acquire& wish, const std::string& last,
                                time_point now) const;
  /// What has to be loaded on that backend for the wish.
  load load_for(const member& m, const acquire& wish, time_point now) const;
  /// Who waits, for what; `since` tells the same ones apart.
  void waits(const acquire& wish, time_point since);
  void waits_no_more(const acquire& wish, time_point since);
  /// Pinned models that can be loaded now.
  std::vector<std::pair<std::string, load>> wanted_loads(time_point now) const;
  /// What a lease's holder is to know; the place is taken.
  lease grant(std::uint64_t id, const std::string& backend, const acquire& wish,
              time_point now);

  // What became of them (fleet_places.cpp).
  std::vector<burial> began(std::uint64_t id, time_point now);
  /// What an answer took; its lease ends later. Returns what had been charged before.
  seconds settle(const spent& s, time_point now);
  /// The place is free, or a zombie's. Returns the backend that is to be looked at
  /// again, because what was asked changed what it has; empty: none is.
  std::string ended(std::uint64_t id, time_point now);
  void charge(std::uint64_t id, seconds charged);
  void begin_load(member& m, load l);
  void loaded(const std::string& backend, time_point now);
  void load_failed(const std::string& backend, const failure& why, time_point now);
  void unloaded(const std::string& backend, const std::string& model);
  void pin(const std::string& backend, const std::string& model, bool on);
  struct finding {
    std::vector<burial> buried;
    bool watch = false; ///< leases in use, and kept ones are to come back
  };
  /// Once in a while: zombies that had their time, answers that wait inside Ollama.
  finding look(time_point now);
  /// Backends with zombies: to be probed soon.
  std::vector<std::string> haunted() const;
  /// Something changes by time alone: look again soon.
  bool restless(time_point now) const;

  /// What an answer of that model takes on average.
  seconds mean_cost(const std::string& model) const;
  /// Answers that are under way, whole node.
  std::size_t running() const;
  /// For the eyes of others.
  std::vector<backend_load> status() const;

private:
  struct cost {
    seconds mean = 1;
    bool known = false;
  };
  struct group { ///< wishes that find the same places
    std::string model;
    std::string options;
    std::string pinned;
    std::vector<std::string> tried;
    dialect speaks = dialect::ollama;
    std::multiset<time_point> since;
  };

  struct line { ///< those who wait for the same runner
    std::size_t length = 0;
    time_point since{}; ///< the first one
  };

  const known_model* known(const member& m, const std::string& model) const;
  std::string key_of(const member& m, const std::string& model) const;
  shaped shape_for(const member& m, const acquire& wish, const runner* r) const;
  const runner* runner_at(const member& m, const std::string& key) const;
  runner& runner_of(member& m, const std::string& key);
  static bool is_stray(const member& m, const std::string& key, const runner& r);
  bool is_remote(const member& m, const std::string& model) const;
  bool rivals(const member& m, const std::string& key, const std::string& other) const;
  bool crowded(const member& m, const std::string& key) const;
  static bool may_use(const member& m, const group& g);
  line line_for(const member& m, const std::string& key,
                const std::string& options) const;
  bool must_make_room(const member& m, const std::string& key, const runner& r,
                      time_point now) const;
  std::vector<const runner*> in_the_way(const member& m, const std::string& key) const;
  void judge_memory(candidate& c, const member& m, const acquire& wish,
                    const std::string& key, const shaped& s, time_point now) const;
  void bury(member& m, runner& r, std::size_t n, time_point now,
            std::vector<burial>& into);
  void forget(member& m);
  void learn_names(member& m);
  seconds load_cost(const member& m) const;

  fleet_settings how_;
  std::list<member> members_;
  std::map<std::uint64_t, place> places_;
  std::map<std::string, group> groups_; ///< who waits, by target
  std::map<std::string, cost> costs_;   ///< by model
};

} // namespace conductor
