#pragma once

#include "tests/simulation/node.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace conductor::simulation {

/// What has to hold in every run, looked at again and again and at its end.
class checks {
public:
  /// `expected`: as the node should have been told.
  checks(node& subject, const scenario& expected);

  void look();
  void at_end();
  /// What did not hold: sentences with the seed and the virtual time. Some are enough.
  const std::vector<std::string>& broken() const { return broken_; }
  bool hopeless() const { return broken_.size() >= 8; }
  /// For people: what happened.
  std::string table(double wall_s) const;

  double hidden_share() const; ///< of what places gave, what was waited inside servers

private:
  void fault(const std::string& text);
  // places (checks.cpp)
  void count_leases();
  void bound_places(const job& j);
  void bound_loads();
  void bound_zombies();
  void bound_retries(double passed_s);
  // the queue (checks_queue.cpp)
  void bound_waits(double passed_s);
  void find_idle_places();
  std::string said_of(const job& j) const;
  double longest_wait(const job& j) const;
  bool could_serve(const ollama& server, const job& j) const;
  bool swap_explains(const ollama& server, const job& j) const;
  const fleet::member* member_of(const std::string& server) const;

  // fairness (checks_fairness.cpp)
  struct side;
  void note_saturation(double passed_s);
  side* side_of(const job& j);
  bool compares(const job& j) const;
  void judge_fairness();

  node& node_;
  scenario expected_;
  std::vector<std::string> broken_;
  double last_look_s_ = 0;
  double retries_left_;
  std::uint64_t retries_seen_ = 0;
  std::map<std::string, double> idle_since_; ///< by target: a place is free for it
  double longest_answer_s_ = 0;              ///< that was asked for, alone

  /// One side of the windows in which the heavy flow has a backlog.
  struct side {
    double gpu_s = 0;
    double asked_s = 0;
    double waited_s = 0;
    unsigned requests = 0;
  };
  bool saturated_ = false;
  double saturated_s_ = 0;
  side light_, heavy_;
  std::size_t most_waiting_ = 0;
  double longest_starved_s_ = 0;
};

} // namespace conductor::simulation
