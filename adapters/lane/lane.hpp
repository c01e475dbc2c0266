#pragma once

#include "adapters/lane/pulse.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/execution_unit.hpp>
#include <caf/intrusive_ptr.hpp>
#include <caf/resumable.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace conductor {

class channel;

/// Bounds of a piece's delays, in seconds.
inline constexpr std::array relay_bounds{.00001, .00005, .0001, .0005, .001, .005,
                                         .01,    .025,   .05,   .1,    .25,  .5,
                                         1.,     5.,     10.,   60.,   300.};

/// The blame ledger: for each piece of an answer, how long Ollama, the node and the
/// client let it wait. Seconds; its lane writes, any thread reads.
struct relay_ledger {
  histogram_cell upstream{relay_bounds};
  histogram_cell conductor{relay_bounds};
  histogram_cell client{relay_bounds};
};

/// One thread that runs one Asio loop and the actors hosted on it, as CAF's own
/// multiplexer does for its brokers. A message between two actors of one lane, or from an
/// I/O handler to one, wakes no other thread.
///
/// Lifetime: actors first (exits sent and processed), then `release()` and `join()`, then
/// the actor system, then the lane.
class lane final : public caf::execution_unit {
public:
  lane(caf::actor_system& system, std::string name);
  ~lane() override;

  /// Takes hosted actors; hands every other resumable to CAF's scheduler. Any thread.
  void exec_later(caf::resumable* job) override;

  boost::asio::io_context& io() noexcept { return io_; }
  const std::string& name() const noexcept { return name_; }

  /// Starts the thread, once.
  void start();
  /// Lets the thread end once nothing is left to do.
  void release();
  /// Waits for the thread; only from `main`'s shutdown.
  void join();

  /// Whether the caller runs on this lane.
  bool here() const noexcept;

  /// Where the time of the pieces went that this lane passed on.
  relay_ledger relay;

  /// Actors that waited for this lane when it last turned to them.
  std::atomic<std::size_t> backlog{0};

  /// Connections placed on this lane; what the next one is placed by.
  std::atomic<std::size_t> connections{0};

  /// Settles `c`, a member of `owner`, when the actors of this turn have run. On the
  /// lane.
  void settle_later(caf::strong_actor_ptr owner, channel& c) {
    unsettled_.emplace_back(std::move(owner), &c);
    if (depth_ == 0)
      drain_later();
  }

  /// Where every channel of this lane reads into; on the lane, until the handler returns.
  using buffer = std::array<char, 64 * 1024>;
  buffer& read_buffer() noexcept { return *read_buffer_; }

  /// Opened by every I/O handler that speaks to actors: when the outermost turn ends, the
  /// actors it woke have run and what they wrote is written, without another round of the
  /// loop.
  class turn {
  public:
    explicit turn(lane& l, const char* what) : lane_(l), beat_(what) { ++lane_.depth_; }
    ~turn() {
      if (lane_.depth_ == 1)
        lane_.drain();
      --lane_.depth_;
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

  private:
    lane& lane_;
    beat beat_;
  };

private:
  using job_ptr = caf::intrusive_ptr<caf::resumable>;

  void enqueue(job_ptr job);
  void drain();
  void settle();
  void drain_later();
  void run();

  std::string name_;
  boost::asio::io_context io_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>>
      guard_;
  std::deque<job_ptr> ready_;
  std::vector<std::pair<caf::strong_actor_ptr, channel*>> unsettled_;
  std::unique_ptr<buffer> read_buffer_ = std::make_unique<buffer>();
  std::size_t depth_ = 0;
  bool posted_ = false;
  std::thread thread_;
};

} // namespace conductor
