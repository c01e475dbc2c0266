#pragma once

#include "messages/actors.hpp"
#include "tests/simulation/traffic.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace conductor::simulation {

/// One request on its way through the node, as the world sees it.
struct job {
  enum class stage { waiting, open, over };
  std::shared_ptr<const scripted_request> asks;
  std::string flow; ///< who it really is
  std::size_t leaves_at = 0;
  generation_actor generation; ///< null once it is over
  subscriber_actor reader;

  stage at = stage::waiting;
  time_point came{};
  time_point waits_since{};
  std::vector<std::string> tried;
  std::string target;   ///< who has the same one finds the same places
  double starved_s = 0; ///< waited as the first of its flow though somebody could serve
  unsigned attempts = 0;
  std::string server; ///< where it is
  std::string key;    ///< of the model's weights there

  int status = 0;
  std::string text;
  std::size_t records = 0;
  unsigned ends = 0; ///< terminal events
  bool left = false;
  std::string outcome;

  const std::string& model() const { return asks->asks.model; } ///< canonical
  bool takes_place() const { return asks->kind == request_kind::inference; }
};

/// All requests, and who of them waits.
struct ledger {
  std::deque<job> jobs;            ///< by number
  std::set<std::uint64_t> waiting; ///< numbers
  /// Answers under way, by server and weights.
  std::map<std::pair<std::string, std::string>, unsigned> open;
  std::map<std::string, unsigned> outcomes;
  std::uint64_t again = 0;       ///< asked again elsewhere
  std::uint64_t cut = 0;         ///< answers given up: zombies
  double longest_wait_s[3] = {}; ///< by class
  double waits_s[3] = {};        ///< all together
  unsigned granted[3] = {};
};

} // namespace conductor::simulation
