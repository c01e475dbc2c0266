#pragma once

#include "adapters/blocking/executor.hpp"
#include "adapters/cells/cells.hpp"
#include "adapters/store/database.hpp"
#include "messages/memory_budget.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace conductor {

/// Bounds of what a batch of writes takes, in seconds.
inline constexpr std::array store_bounds{.0001, .0005, .001, .0025, .005, .01, .025,
                                         .05,   .1,    .25,  .5,    1.,   5.};

/// The file and the threads of a store; outlives the actor that uses it.
struct store_files {
  /// Held: the file is another process's until `release()`; what is asked waits.
  explicit store_files(std::string f, bool held = false)
      : file(std::move(f))
      , writer("store-writer", held)
      , reader("store-reader", held)
      , copier("store-copier", held) {}

  void release() {
    for (auto* e : {&writer, &reader, &copier})
      e->release();
  }

  budget_ptr budget; ///< of the node's memory, into which is read; null: there is none
  std::string file;  ///< of SQLite; made with its folder when first used
  std::unique_ptr<database> writes;           ///< the writer thread's own
  std::unique_ptr<database> reads;            ///< the reader thread's own
  std::atomic<bool> made{false};              ///< the writer has opened the file
  histogram_cell write_seconds{store_bounds}; ///< of batches; STORE alone writes it
  executor writer;
  executor reader;
  executor copier; ///< a copy takes as long as the store is large
};

/// What a batch came to.
struct batch_written {
  std::string failure;              ///< empty: durable
  std::vector<std::string> missing; ///< sessions that are not there
};

/// Sessions on the disk.
struct sessions_counted {
  std::uint64_t number = 0;
};
/// INTERNAL: the store could not write; whether it can again.
struct store_look {};

/// What a reader found, ready to be told.
struct read_done {
  std::function<void()> tell;
};

/// STORE over SQLite, which also hears from its threads.
using sqlite_store_actor =
    store_actor::extend<caf::reacts_to<batch_written>, caf::reacts_to<read_done>,
                        caf::reacts_to<sessions_counted>, caf::reacts_to<store_look>>;

/// STORE owns the writes that wait for the disk. While one transaction is under way the
/// next collects, so that a slow disk makes larger batches and not a longer queue. A
/// batch that fails fails all that is in it: nothing was acknowledged. The file is opened
/// at the start. While that or writing fails it is tried again with each write, and now
/// and then by itself.
struct store_state {
  static inline const char* name = "store";

  /// Who waits for a write, of which session.
  struct waiter {
    caf::typed_response_promise<stored> reply;
    std::string id;
  };

  store_files* files = nullptr;
  std::vector<store_write> writes;
  std::vector<std::string> erased;
  std::vector<waiter> waiting; ///< for the next batch
  std::vector<waiter> under_way;
  bool writing = false;
  bool counting = false;
  std::chrono::steady_clock::time_point batch_since{};
  bool looking = false; ///< a look is due
  store_status status;
  std::uint64_t copies = 0;
};

sqlite_store_actor::behavior_type
store(sqlite_store_actor::stateful_pointer<store_state> self, store_files* files);

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::batch_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::read_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::sessions_counted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_look)
