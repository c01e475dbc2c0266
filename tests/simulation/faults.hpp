#pragma once

#include "tests/simulation/adapters.hpp"

#include <functional>
#include <vector>

namespace conductor::simulation {

/// How often something befalls a server.
struct fault_plan {
  double every_s = 3 * 3600;             ///< mean, each server; 0: never
  std::vector<unsigned> places{1, 2, 4}; ///< of a server that comes back,
  std::set<std::string> fixed;           ///< but for these: the node was told
};

/// What befalls the servers, from a seed: each dies now and then and comes back with
/// other models or places, hangs, answers 503, loses runners, fails to load, or is slow.
class faults {
public:
  faults(world& w, fault_plan plan, std::uint64_t seed);
  /// Everything is well from now on.
  void stop();

private:
  struct state {
    std::vector<model_facts> has; ///< at the beginning
    unsigned troubles = 0;        ///< counts them
  };
  void plan_next(const std::string& server);
  void befall(const std::string& server);
  void recover(const std::string& server);
  void for_a_while(const std::string& server, double s);

  world& world_;
  fault_plan plan_;
  dice chance_;
  std::map<std::string, state> of_;
  bool over_ = false;
};

} // namespace conductor::simulation
