#pragma once

#include "tests/support/ollama/prompt_slots.hpp"
#include "tests/support/ollama/statistics.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace conductor::test {

/// Loaded models and Ollama's hidden queues: one loader for all, which holds up everybody
/// who needs a load, and per loaded model an unbounded first-in-first-out semaphore.
/// Other runner options than the loaded ones mean a reload. Safe from every thread.
class runners {
public:
  using clock = std::chrono::steady_clock;
  using seconds = std::chrono::duration<double>; ///< negative: for ever

  struct limits {
    unsigned parallel = 0;       ///< answers at once per model; 0: no limit
    unsigned max_loaded = 0;     ///< models at once; 0: no limit
    std::size_t max_queue = 512; ///< waiting for a load
    seconds keep_alive{300};
  };

  /// What a request needs.
  struct wish {
    std::string blob; ///< aliases of one blob share a runner
    std::string name; ///< listed under the name that loaded it
    std::string digest;
    std::string options; ///< the runner options, as text
    int context_length = 4096;
    std::optional<seconds> keep_alive;
    bool answers = true; ///< false: needs no place, only that the model is loaded
  };

  enum class phase { queued, loading, waiting, granted, refused };

  /// One request's way to a place. `loading` means: the owner of the ticket plays the
  /// load and then says `loaded`.
  struct ticket {
    std::atomic<phase> now{phase::queued};
    wish what;
    std::function<void()> poke;          ///< called when `now` changed
    std::shared_ptr<prompt_slots> slots; ///< of the model, once it is loaded
  };
  using ticket_ptr = std::shared_ptr<ticket>;

  struct loaded_model {
    std::string name;
    std::string digest;
    int context_length = 0;
    std::optional<std::chrono::system_clock::time_point> expires; ///< empty: never
  };

  runners(statistics& seen, limits l);

  /// Joins the queue; `poke` may be called from another thread later.
  ticket_ptr enter(wish w, std::function<void()> poke);

  /// The load that the ticket was told to play is over.
  void loaded(const ticket_ptr& t);

  /// Gives up or gives back whatever the ticket has; idempotent.
  void leave(const ticket_ptr& t);

  /// Unloads as soon as idle.
  void unload(const std::string& blob);

  /// Sorted by longest time left.
  std::vector<loaded_model> list();

  void change(const limits& l);

  /// Forgets idle models.
  void reset();

private:
  struct runner;

  void expire();
  void pump();
  bool make_room(const wish& w);
  void admit(const ticket_ptr& t, runner& r);
  void release(runner& r, bool answers);
  void drop(const std::string& blob);
  void went_idle(const std::string& blob, runner& r);
  static void become(const ticket_ptr& t, phase p);

  std::mutex mutex_;
  statistics& seen_;
  limits limits_;
  std::map<std::string, std::unique_ptr<runner>> runners_; ///< by blob
  std::deque<ticket_ptr> pending_;
  ticket_ptr loading_;

public:
  ~runners();
};

} // namespace conductor::test
