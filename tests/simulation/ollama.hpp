#pragma once

#include "messages/fleet.hpp"
#include "messages/stream.hpp"
#include "tests/simulation/timeline.hpp"

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace conductor::simulation {

/// Who asked a simulated Ollama and hears its answer. Told in the order of HTTP: one
/// head, records, one end; or `lost` instead of what is left.
class caller {
public:
  virtual ~caller() = default;
  virtual void head(int status) = 0;
  virtual void record(std::string text) = 0;
  virtual void end(const usage& used) = 0;
  virtual void lost(errc how, std::string detail) = 0;
};

/// What a request asks of a server, and how long that takes there when it is alone.
struct question {
  std::uint64_t number = 0;
  std::string model; ///< canonical
  std::string options;
  bool relayed = false; ///< needs no model in memory
  bool bare = false;
  bool unload = false;
  bool by_node = false; ///< LOADER asks
  double prompt_s = 0;
  std::vector<double> gaps_s; ///< before each record but the first
};

/// A model as servers have it.
struct model_facts {
  std::string name;
  std::string blob;
  double size = 0; ///< GiB
  double load_s = 0;
};

/// One server's hardware and settings.
struct server_plan {
  std::string name;
  unsigned places = 1; ///< OLLAMA_NUM_PARALLEL
  std::size_t max_loaded = 3;
  double memory = 24; ///< GiB
  double keep_alive_s = 300;
  std::vector<model_facts> has;
};

/// One request inside a server.
struct visit {
  enum class stage { pending, waiting, ready, prompt, ghost, answer, over };
  struct home; ///< the model in memory that it is at
  question what;
  std::shared_ptr<caller> who; ///< null: left
  stage at = stage::pending;
  std::shared_ptr<home> model;
  std::size_t record = 0; ///< the next one
  bool has_head = false;
  bool leaving = false; ///< its client has hung up, which the server does not know yet
  double gpu_s = 0;     ///< it was at work so long
  time_point since{};   ///< it waits
  usage used;
};
using visit_ptr = std::shared_ptr<visit>;

/// An Ollama as Conductor's decisions see it (facts/ollama.md, sections 0 and 3), in
/// virtual time: a semaphore of `places` for each model in memory, first come, first
/// served; one loader, behind whose first request all others wait that need a load; a
/// reload for other options, eviction of the idle; a prompt whose client left is read to
/// its end although its place is given back at once. Things can befall it.
class ollama {
public:
  struct figures {
    unsigned loads = 0;
    unsigned stray_loads = 0; ///< caused by a client's request, not by LOADER
    unsigned reloads = 0;     ///< for other options
    unsigned evictions = 0;
    double busy_s = 0;   ///< work done, all answers together
    double hidden_s = 0; ///< waited for the semaphore
    double ghost_s = 0;  ///< waited for a place in which a left prompt is read
  };

  ollama(timeline& time, server_plan plan, std::uint64_t seed);
  ollama(const ollama&) = delete;
  ~ollama();

  // What clients do.
  visit_ptr call(question what, std::shared_ptr<caller> who);
  void hang_up(const visit_ptr& v);
  /// `connected`: it accepts; `tells`: and answers probes.
  bool connected() const { return alive_; }
  bool tells() const { return alive_ && !(frozen_ && deaf_); }
  probe_result look() const;

  // What befalls it.
  void die();
  void start(unsigned places, std::vector<model_facts> has);
  void freeze(bool probes_too);
  void thaw();
  void crash(); ///< a runner in use stops unexpectedly, if there is one
  void be_slow(double factor) { slow_ = factor; }
  void be_busy(double share) { busy_ = share; } ///< of requests that get 503
  void break_loads(double share) { bad_loads_ = share; }

  // What the checks know of it.
  const std::string& name() const { return plan_.name; }
  const figures& so_far() const { return figures_; }
  bool healthy() const { return alive_ && !frozen_ && slow_ == 1 && busy_ == 0; }
  bool has(const std::string& model) const { return facts(model) != nullptr; }
  const model_facts* facts(const std::string& model) const;
  unsigned places() const { return plan_.places; }
  const std::vector<model_facts>& models() const { return plan_.has; }
  /// Places nobody is in, of that model with those options; 0: it is not in memory so.
  unsigned free_places(const std::string& model, const std::string& options) const;
  std::size_t in_hand() const; ///< clients' requests that it has not answered
  bool is_idle() const;        ///< nobody is in it, and no prompt is read for nobody

private:
  using home_ptr = std::shared_ptr<visit::home>;

  void later(double s, std::function<void()> what);
  void arrive(const visit_ptr& v);
  void leave_now(const visit_ptr& v);
  void refuse(const visit_ptr& v, int status, const std::string& text);
  // places (ollama.cpp)
  void enter(const home_ptr& m, const visit_ptr& v);
  void take_place(const home_ptr& m, const visit_ptr& v);
  void read_prompt(const home_ptr& m, const visit_ptr& v);
  void speak(const home_ptr& m, const visit_ptr& v);
  void leave(const home_ptr& m, const visit_ptr& v, bool with_slot);
  void free_slot(const home_ptr& m);
  void idle(const home_ptr& m);
  // loads (ollama_loads.cpp)
  void load_next();
  bool make_room(const model_facts& f);
  void unload(const home_ptr& m);
  void loaded(const visit_ptr& v);

  timeline& time_;
  server_plan plan_;
  dice random_;
  std::map<std::string, home_ptr> in_memory_;     ///< by blob
  std::vector<std::weak_ptr<visit::home>> homes_; ///< all that ever were
  std::deque<visit_ptr> pending_;                 ///< need a load; the first one first
  visit_ptr loading_;
  std::list<visit_ptr> all_;
  std::vector<std::function<void()>> deferred_; ///< while it is frozen
  inventory_ptr inventory_;
  figures figures_;
  std::uint64_t life_ = 0;
  std::uint64_t load_number_ = 0;
  unsigned version_ = 0;
  bool alive_ = true;
  bool frozen_ = false;
  bool deaf_ = false; ///< frozen for probes too
  double slow_ = 1;
  double busy_ = 0;
  double bad_loads_ = 0;
};

/// A model in a server's memory.
struct visit::home {
  model_facts facts;
  std::string name; ///< that loaded it
  std::string options;
  std::vector<visit_ptr> all;
  std::deque<visit_ptr> waiting; ///< for the semaphore
  std::deque<visit_ptr> ready;   ///< have it, but the place is still at work
  unsigned held = 0;             ///< of the semaphore
  unsigned slots = 0;            ///< at work
  unsigned ghosts = 0;           ///< of these, for nobody
  bool gone = false;
  bool leaves = false;     ///< when it is idle
  std::uint64_t rests = 0; ///< counts the times it went idle
  double expires_s = 0;
};

/// What the k-th record of that answer says.
inline std::string record_text(std::uint64_t number, std::size_t k) {
  return std::to_string(number) + "." + std::to_string(k) + "\n";
}

} // namespace conductor::simulation
