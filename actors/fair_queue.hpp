#pragma once

#include "messages/fleet.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace conductor {

/// Who waits, and who is next: a pure decision, fed with times.
///
/// Three classes, the better one first; who waited for `ageing` in one rises to the next,
/// so that nobody starves. Within a class flows (a user, a session, an address) take
/// turns by deficit round robin on seconds of GPU time: each turn is charged with what
/// such answers took on average, and corrected when it is known what it took. Within a
/// flow it is first come, first served.
class fair_queue {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using seconds = double;

  struct ticket {
    std::uint64_t id = 0;
    priority_class priority = priority_class::normal;
    std::string flow;
    time_point since{};              ///< it came
    std::size_t bytes = 0;           ///< of memory that it holds
    std::chrono::nanoseconds cost{}; ///< what its answer is expected to take
    std::uint32_t target = 0;        ///< those of the same number find the same places
  };
  /// Whether there is a place for that one just now. To ask may take a place from others,
  /// but gives none: who did not fit does not fit later in the same `take`.
  using fits = std::function<bool(const ticket&)>;

  explicit fair_queue(std::chrono::nanoseconds ageing, seconds quantum = 1)
      : ageing_(ageing), quantum_(quantum) {}

  void push(ticket t);
  /// It leaves; false: it was not there.
  bool erase(std::uint64_t id);
  /// The next one that fits leaves the queue; empty: none fits. `fit` is asked last about
  /// the one that is taken, so that what it found about it can be kept there.
  std::optional<std::uint64_t> take(time_point now, const fits& fit);
  /// Charges a flow; negative: it was charged too much.
  void charge(const std::string& flow, priority_class priority, seconds cost);

  std::size_t size() const { return where_.size(); }
  bool empty() const { return where_.empty(); }
  std::size_t bytes() const { return bytes_; }
  std::chrono::nanoseconds cost() const { return cost_; }
  std::array<class_load, 3> by_class() const;
  /// Those that waited since then or longer.
  std::vector<std::uint64_t> older_than(time_point since) const;
  /// About the order in which they will be served: class by class, flows in turns.
  std::vector<ticket> in_order() const;

private:
  struct flow_line {
    std::string name;
    seconds deficit = 0;
    std::list<ticket> waiting;
  };
  struct line {
    std::list<flow_line> turns; ///< flows with somebody waiting, the next one first
    /// Left by flows with nobody waiting: deficit, and the round in which they left.
    std::unordered_map<std::string, std::pair<seconds, std::uint64_t>> debts;
    std::uint64_t rounds = 0;
  };
  struct place {
    std::size_t line = 0;
    std::string flow;
  };

  /// What is left of a debt by now; 0 or more: it is paid.
  seconds owed(const line& l, const std::pair<seconds, std::uint64_t>& debt) const;
  void insert(std::size_t in, ticket t);
  void forget(const ticket& t);
  void rise(time_point now);
  void top_up(line& l, double rounds);
  void leave(line& l, std::list<flow_line>::iterator f);

  std::chrono::nanoseconds ageing_;
  seconds quantum_;
  std::array<line, 3> lines_;
  std::unordered_map<std::uint64_t, place> where_;
  std::size_t bytes_ = 0;           ///< of all that wait, as
  std::chrono::nanoseconds cost_{}; ///< this
};

} // namespace conductor
